import { PassThrough } from 'node:stream'
import { WriteStream } from 'node:tty'
import t from 'tap'
import { durationText, parseDuration } from '../../src/commands/duration.ts'
import { confirm, paint, readStandardInput, type Terminal, table } from '../../src/commands/terminal.ts'
import { runOnTerminal } from '../support/terminal.ts'

t.test('columns are aligned, whatever their colours', async (t) => {
  t.equal(
    table([
      ['a', 'long cell', 'x'],
      ['\u001b[32mlonger\u001b[39m', 'b', ''],
    ]),
    'a       long cell  x\n\u001b[32mlonger\u001b[39m  b\n',
  )
  t.equal(table([]), '')
})

t.test('colours are for terminals, and for those who want them', async (t) => {
  t.equal(paint(new PassThrough(), 'red', 'x'), 'x', 'no terminal')
  const { getColorDepth } = WriteStream.prototype
  const terminal = Object.assign(new PassThrough(), { isTTY: true, getColorDepth })
  const { env } = process
  t.teardown(() => Object.assign(process, { env }))
  // Node.js asks many variables, CI and TERM among them: none of this machine's may answer.
  process.env = { TERM: 'xterm-256color' }
  t.equal(paint(terminal, 'red', 'x'), '\u001b[31mx\u001b[39m')
  process.env.NO_COLOR = '1'
  t.equal(paint(terminal, 'red', 'x'), 'x')
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
    runOnTerminal({}, async (terminal) => void terminal.stdout.write(await readStandardInput(terminal)), {
      input,
    })
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
