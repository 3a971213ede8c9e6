import type { Readable } from 'node:stream'
import { paint } from './layout.ts'
import { Output } from './output.ts'

/** Where a command reads and writes, and its environment: the process's own, or a test's. */
export interface Terminal {
  stdin: Readable & { isTTY?: boolean }
  stdout: Output
  stderr: Output
  env: NodeJS.ProcessEnv
}

export const processTerminal: Terminal = {
  get stdin() {
    return process.stdin
  },
  stdout: new Output(process.stdout),
  stderr: new Output(process.stderr),
  get env() {
    return process.env
  },
}

/** Who runs a command, and how the answer is wanted. */
export interface Asked {
  terminal: Terminal
  /** true: standard output is for a program */
  json: boolean
}

/** Writes a command's result: as JSON for programs, and as `show` writes it for people. */
export function printResult({ terminal, json }: Asked, result: object, show: (stdout: Output) => void): void {
  if (json) {
    terminal.stdout.json(result)
  } else {
    show(terminal.stdout)
  }
}

/** Writes what the operator should know beside the result: to standard error, so that no program reads it. */
export function printNotes({ stderr }: Terminal, notes: readonly string[]): void {
  for (const note of notes) {
    stderr.line(`${paint('yellow', 'Note:')} ${note}`)
  }
}

/** Shows what is under way while it is; to people at a terminal only. */
export async function progress<T>({ stderr }: Terminal, what: string, work: Promise<T>): Promise<T> {
  stderr.status(`${what} …`)
  try {
    return await work
  } finally {
    stderr.status()
  }
}
