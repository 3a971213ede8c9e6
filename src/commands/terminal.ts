import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { stripVTControlCharacters, styleText } from 'node:util'
import { usageError } from './exit.ts'

/** Where a command reads and writes, and its environment: the process's own, or a test's. */
export interface Terminal {
  stdin: Readable & { isTTY?: boolean }
  stdout: Writable & { isTTY?: boolean }
  stderr: Writable & { isTTY?: boolean }
  env: NodeJS.ProcessEnv
}

export const processTerminal: Terminal = process

/** Text in a colour or weight; plain where the stream is no terminal or NO_COLOR is set. */
export function paint(stream: Writable, format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream })
}

/** Rows with their columns aligned, two spaces between them; colours do not count. */
export function table(rows: readonly (readonly string[])[]): string {
  const width = (cell: string) => stripVTControlCharacters(cell).length
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, width(cell))
    })
  }
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell))).join('  ')
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('')
}

/**
 * Asks a question that is answered with yes or no; no is the answer of an empty line.
 *
 * @throws CommandError with exit code 2 where nobody can be asked
 */
export async function confirm(terminal: Terminal, question: string): Promise<boolean> {
  if (!terminal.stdin.isTTY) throw usageError('Nobody can be asked here: look at --dry-run, then give --yes.')
  const lines = createInterface({ input: terminal.stdin, output: terminal.stderr })
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())
  } finally {
    lines.close()
  }
}

/** All of standard input as text, 64 KiB at most. */
export async function readStandardInput(terminal: Terminal): Promise<string> {
  let text = ''
  for await (const chunk of terminal.stdin) {
    text += chunk
    if (text.length > 65_536) throw usageError('There is too much on standard input.')
  }
  return text
}
