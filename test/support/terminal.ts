import { PassThrough } from 'node:stream'
import { failureOf } from '../../src/cli/exit.ts'
import { Output } from '../../src/cli/output.ts'
import { runProgram } from '../../src/cli/program.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { padlock } from '../../src/commands/commands.ts'

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
  {
    input = '',
    answer,
    columns,
  }: {
    input?: string | Uint8Array
    answer?: string | (() => Promise<string>)
    /** standard output and standard error are a terminal of such a width */
    columns?: number
  } = {},
): Promise<CommandOutcome> {
  const stdin: Terminal['stdin'] = new PassThrough()
  if (answer !== undefined) {
    stdin.isTTY = true
  }
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  if (columns !== undefined) {
    for (const stream of [stdout, stderr]) {
      Object.assign(stream, { isTTY: true, columns })
    }
  }
  if (typeof answer !== 'function') {
    ;(stdin as PassThrough).end(answer === undefined ? input : `${answer}\n`)
  } else {
    // The question is there: what happens before it is answered is the test's.
    const onText = async (text: Buffer) => {
      if (!/(\[y\/N\]|:) $/.test(String(text))) {
        return
      }
      ;(stdin as PassThrough).end(`${await answer()}\n`)
    }
    const write = stderr.write.bind(stderr)
    stderr.write = (text: Buffer) => {
      void onText(text)
      return write(text)
    }
  }
  let exitCode = 0
  const terminal = { stdin, stdout: new Output(stdout), stderr: new Output(stderr), env }
  try {
    await work(terminal)
  } catch (error) {
    const failure = failureOf(error)
    exitCode = failure.exitCode
    if (failure.message !== '') {
      terminal.stderr.message(failure.message)
    }
  }
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

/** Runs a whole command line, as `padlock` does, on a terminal of the test's own. */
export function runCommandLine(
  env: NodeJS.ProcessEnv,
  args: readonly string[],
  given: Parameters<typeof runOnTerminal>[2] = {},
): Promise<CommandOutcome> {
  return runOnTerminal(env, (terminal) => runProgram(padlock, args, terminal), given)
}

/** Options as arguments: `{ tokenFile: 'x', showClaims: true }` is `--token-file=x --show-claims`. */
export function optionArguments(options: Readonly<Record<string, string | boolean | undefined>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    return value === undefined || value === false ? [] : [value === true ? flag : `${flag}=${value}`]
  })
}
