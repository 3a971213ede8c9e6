import { PassThrough } from 'node:stream'
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
 * @param input what stands on standard input; with `answer`, what is typed at a terminal
 */
export async function runOnTerminal(
  env: NodeJS.ProcessEnv,
  work: (terminal: Terminal) => Promise<void>,
  { input = '', answer }: { input?: string; answer?: string } = {},
): Promise<CommandOutcome> {
  const stdin: Terminal['stdin'] = new PassThrough()
  if (answer !== undefined) stdin.isTTY = true
  ;(stdin as PassThrough).end(answer === undefined ? input : `${answer}\n`)
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  let exitCode = 0
  try {
    await work({ stdin, stdout, stderr, env })
  } catch (error) {
    const failure = failureOf(error)
    exitCode = failure.exitCode
    stderr.write(`${failure.message}\n`)
  }
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}
