import { PassThrough } from 'node:stream'
import { WriteStream } from 'node:tty'
import t, { type Test } from 'tap'
import { confirm } from '../../src/cli/confirm.ts'
import { readInput } from '../../src/cli/input.ts'
import { paint, table } from '../../src/cli/layout.ts'
import { Output } from '../../src/cli/output.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { durationText, parseDuration } from '../../src/cli/values/duration.ts'
import { runOnTerminal } from '../support/terminal.ts'

/** What an output gives to its stream. */
function written(stream: PassThrough, write: (output: Output) => void): string {
  write(new Output(stream))
  return String(stream.read() ?? '')
}

/** A stream that is a terminal with colours. */
const colourTerminal = () =>
  Object.assign(new PassThrough(), { isTTY: true, getColorDepth: WriteStream.prototype.getColorDepth })

/** Node.js asks many variables, CI and TERM among them: none of this machine's may answer. */
function withVariables(t: Test, variables: NodeJS.ProcessEnv): void {
  const { env } = process
  t.teardown(() => Object.assign(process, { env }))
  process.env = variables
}

t.test('columns are aligned, whatever their colours and however a cell is escaped', async (t) => {
  const rows = [
    ['a', 'long cell', 'x'],
    [paint('green', 'longer'), 'b', ''],
    ['\u202e', '\n', 'y'],
  ]
  const text = 'a       long cell  x\nlonger  b\n\\u202e  \\u000a     y\n'
  t.equal(
    written(new PassThrough(), (output) => output.write(table(rows))),
    text,
  )
  t.equal(table([]), '')
})

t.test('colours are for terminals, and for those who want them', async (t) => {
  const red = (stream: PassThrough) => written(stream, (output) => output.write(paint('red', 'x')))
  t.equal(red(new PassThrough()), 'x', 'no terminal')
  withVariables(t, { TERM: 'xterm-256color' })
  t.equal(red(colourTerminal()), '\u001b[31mx\u001b[39m')
  process.env.NO_COLOR = '1'
  t.equal(red(colourTerminal()), 'x')
})

t.test('only the text of a style is coloured: an escape sequence inside it is escaped', async (t) => {
  withVariables(t, { TERM: 'xterm-256color' })
  const text = written(colourTerminal(), (output) => {
    output.line(`${paint('red', 'a\u001b[0m\nb')} \u001b[31mc ⟦31⟧`)
    output.status('50 %\u001b[2J')
    output.status()
  })
  t.equal(
    text,
    '\u001b[31ma\\u001b[0m\\u000ab\u001b[39m \\u001b[31mc ⟦31⟧\n' + '\r\u001b[K50 %\\u001b[2J' + '\r\u001b[K',
  )
  t.equal(
    written(new PassThrough(), (output) => output.status('50 %')),
    '',
    'no progress in a file',
  )
})

t.test('a question is answered with yes, or it is a no', async (t) => {
  for (const [answer, expected] of [
    ['y', true],
    ['YES', true],
    ['n', false],
    ['', false],
    ['yes please', false],
  ] as [string, boolean][]) {
    const ask = async (terminal: Terminal) => {
      t.equal(await confirm(terminal, 'Sure?'), expected, answer)
    }
    t.match(await runOnTerminal({}, ask, { answer }), { exitCode: 0, stderr: 'Sure? [y/N] ' })
  }
  const nobody = await runOnTerminal({}, async (terminal) => void (await confirm(terminal, 'Sure?')))
  t.equal(nobody.exitCode, 2)
})

t.test('standard input is read to its end, up to a limit', async (t) => {
  const read = (input: string) =>
    runOnTerminal(
      {},
      async (terminal) => void terminal.stdout.write(String(await readInput(terminal, '-', 'x'))),
      {
        input,
      },
    )
  t.match(await read('some text'), { exitCode: 0, stdout: 'some text' })
  t.match(await read('x'.repeat(70_000)), { exitCode: 2 })
})

t.test('times', async (t) => {
  for (const [text, seconds] of [
    ['90d', 7_776_000],
    ['12h', 43_200],
    ['30m', 1_800],
    ['45s', 45],
    ['60', 60],
    ['0', 0],
    ['', undefined],
    ['1.5h', undefined],
    ['-1', undefined],
    ['1w', undefined],
    ['1 h', undefined],
  ] as [string, number | undefined][]) {
    t.equal(parseDuration(text), seconds, text)
  }
  t.equal(durationText(7_776_000), '90 days')
  t.equal(durationText(86_400), '1 day')
  t.equal(durationText(5_400), '90 minutes')
  t.equal(durationText(61), '61 seconds')
})
