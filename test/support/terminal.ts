import { PassThrough } from 'node:stream'
import type { Command } from 'commander'
import { withDigestsLast } from '../../src/commands/digest-arguments.ts'
import { failureOf } from '../../src/commands/exit.ts'
import type { Terminal } from '../../src/commands/terminal.ts'

/** How a command ended, and what it wrote. */
export interface CommandOutcome {
  exitCode: number
  stdout: string
  /** with the message that ended the command */
  stderr: string
}

/**
 * Runs a command's work on a terminal of the test's own.
 *
 * @param input what stands on standard input; with `answer`, what is typed at a terminal, once the question is put
 */
export async function runOnTerminal(
  env: NodeJS.ProcessEnv,
  work: (terminal: Terminal) => Promise<void>,
  { input = '', answer }: { input?: string | Uint8Array; answer?: string | (() => Promise<string>) } = {},
): Promise<CommandOutcome> {
  const stdin: Terminal['stdin'] = new PassThrough()
  if (answer !== undefined) stdin.isTTY = true
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  if (typeof answer !== 'function') {
    ;(stdin as PassThrough).end(answer === undefined ? input : `${answer}\n`)
  } else {
    // The question is there: what happens before it is answered is the test's.
    const onText = async (text: Buffer) => {
      if (!/(\[y\/N\]|:) $/.test(String(text))) return
      ;(stdin as PassThrough).end(`${await answer()}\n`)
    }
    const write = stderr.write.bind(stderr)
    stderr.write = (text: Buffer) => {
      void onText(text)
      return write(text)
    }
  }
  let exitCode = 0
  try {
    await work({ stdin, stdout, stderr, env })
  } catch (error) {
    const failure = failureOf(error)
    exitCode = failure.exitCode
    if (failure.message !== '') stderr.write(`${failure.message}\n`)
  }
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

/**
 * Runs a whole command line on a terminal of the test's own.
 *
 * @param make gives the command, for that terminal
 * @param args what stands behind the command's name
 */
export function runCommandLine(
  env: NodeJS.ProcessEnv,
  make: (terminal: Terminal) => Command,
  args: readonly string[],
  given: { input?: string | Uint8Array; answer?: string | (() => Promise<string>) } = {},
): Promise<CommandOutcome> {
  const run = async (terminal: Terminal) => {
    await make(terminal).parseAsync(withDigestsLast(args), { from: 'user' })
  }
  return runOnTerminal(env, run, given)
}
