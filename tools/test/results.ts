import { Parser, type Result } from 'tap-parser'
import { stringify } from 'yaml'

/** Numbers of test points: the leaves of tap's results, not the subtests around them. */
export interface Totals {
  passed: number
  failed: number
  skipped: number
}

/** What tap adds to a failure and no reader needs. */
const NOISE = ['at', 'stdio', 'cwd', 'externalID', 'command', 'args', 'jobId']

/**
 * Reads the TAP stream of a whole tap run: prints a line per test file and each failure in full, and counts.
 * A file that is not ok without a failure inside it, or that holds no test, counts as one failure: it crashed, was
 * killed, or is broken.
 *
 * @param print receives text without its last line end
 * @returns the stream to write to, and the totals, complete when the stream has ended
 */
export function readResults(print: (text: string) => void): { parser: Parser; totals: Totals } {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
  const parser = new Parser()
  let before = { ...totals }
  let file = ''
  let output: string[] = []
  /** The result of a file as a whole, which the parser may tell a second time as if it were a test point. */
  let whole: Result | undefined

  function fail(result: Result, why = result.name): void {
    totals.failed++
    const diagnosis = Object.entries(result.diag ?? {}).filter(([key]) => !NOISE.includes(key))
    print(`\nFAILED ${result === whole ? `${file}: ${why}` : result.fullname}`)
    if (diagnosis.length > 0) {
      print(indent(stringify(Object.fromEntries(diagnosis), { lineWidth: 0 })))
    }
  }

  function skip(result: Result): void {
    totals.skipped++
    const reason = result.skip || result.todo
    print(`skipped ${result.fullname}${typeof reason === 'string' ? `: ${reason}` : ''}`)
  }

  parser.on('child', (child) => {
    file = child.name
  })
  // What a file wrote to its standard output that is not TAP.
  parser.on('extra', (text) => output.push(text))
  parser.on('assert', (result) => {
    whole = result
    file ||= result.name
    if (result.skip === 'no tests found') {
      fail(result, 'the file holds no test')
    } else if (result.skip || result.todo) {
      skip(result)
    } else if (!result.ok && totals.failed === before.failed) {
      fail(result, 'the file ended before its tests did')
    }
    const failed = totals.failed - before.failed
    if (failed > 0 && output.length > 0) {
      print(`Output of ${file}:\n${output.join('').trimEnd()}`)
    }
    print(`${failed ? 'NOT OK' : 'ok'}  ${file}  ${totals.passed - before.passed} passed, ${failed} failed`)
    before = { ...totals }
    file = ''
    output = []
  })
  parser.on('pass', (result) => {
    if (result !== whole) {
      totals.passed++
    }
  })
  parser.on('fail', (result) => {
    if (result !== whole) {
      fail(result)
    }
  })
  for (const event of ['skip', 'todo'] as const) {
    parser.on(event, (result) => {
      if (result !== whole) {
        skip(result)
      }
    })
  }
  parser.on('bailout', (reason) => {
    totals.failed++
    print(`\nFAILED ${file || 'a test file'}: bail out! ${reason}`)
  })
  return { parser, totals }
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ')
}
