import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { stripVTControlCharacters, styleText } from 'node:util'
import { refused, usageError } from './exit.ts'

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

/** Text of somebody else's without what a terminal would obey, hide or turn round: such characters are escaped. */
export function printable(text: string): string {
  return text.replace(
    /[\p{C}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/** A value as one line of JSON. */
export const shown = (value: unknown): string => printable(JSON.stringify(value))

/** Writes a value as JSON, for programs. */
export function printJson({ stdout }: Terminal, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** Writes what the operator should know beside the result: to standard error, so that no program reads it. */
export function printNotes({ stderr }: Terminal, notes: readonly string[]): void {
  for (const note of notes) stderr.write(`${paint(stderr, 'yellow', 'Note:')} ${note}\n`)
}

/**
 * Asks for a line of text.
 *
 * @param otherwise what to give where nobody can be asked, such as an option's name
 * @returns the line without white space at its ends
 * @throws CommandError with exit code 2 where nobody can be asked, 1 when Ctrl-C or Ctrl-D is the answer
 */
export async function ask(terminal: Terminal, question: string, otherwise: string): Promise<string> {
  if (!terminal.stdin.isTTY) throw usageError(`Nobody can be asked here: ${otherwise}.`)
  const lines = createInterface({ input: terminal.stdin, output: terminal.stderr })
  try {
    return await new Promise<string>((resolve, reject) => {
      const giveUp = () => {
        terminal.stderr.write('\n')
        reject(refused('Nothing was changed.'))
      }
      lines.once('SIGINT', giveUp)
      lines.once('close', giveUp)
      lines.question(`${question} `, (answer) => {
        lines.off('close', giveUp)
        resolve(answer.trim())
      })
    })
  } finally {
    lines.close()
  }
}

/**
 * Asks a question that is answered with yes or no; no is the answer of an empty line.
 *
 * @throws CommandError as `ask` does
 */
export async function confirm(terminal: Terminal, question: string): Promise<boolean> {
  const answer = await ask(terminal, `${question} [y/N]`, 'look at --dry-run, then give --yes')
  return /^y(es)?$/i.test(answer)
}

/** Tells what is under way while it is; to people at a terminal only. */
export async function progress<T>({ stderr }: Terminal, what: string, work: Promise<T>): Promise<T> {
  if (!stderr.isTTY) return work
  stderr.write(`${what} …`)
  try {
    return await work
  } finally {
    stderr.write('\r\u001b[K')
  }
}

/** All of standard input, 64 KiB at most. */
export async function readStandardInputBytes(terminal: Terminal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of terminal.stdin) {
    chunks.push(Buffer.from(chunk))
    length += chunk.length
    if (length > 65_536) throw usageError('There is too much on standard input.')
  }
  return Buffer.concat(chunks)
}

/** All of standard input as text, 64 KiB at most. */
export async function readStandardInput(terminal: Terminal): Promise<string> {
  return (await readStandardInputBytes(terminal)).toString('utf8')
}
