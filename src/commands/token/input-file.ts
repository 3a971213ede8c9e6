import { createReadStream } from 'node:fs'
import { usageError } from '../exit.ts'
import { readStandardInput, type Terminal } from '../terminal.ts'

const limitBytes = 65_536

/**
 * A file's text, 64 KiB at most.
 *
 * @param option names the file in the messages; neither its path nor its content is repeated
 * @throws CommandError with exit code 2
 */
export async function readInputFile(file: string, option: string): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of createReadStream(file, { end: limitBytes })) chunks.push(chunk)
  } catch (error) {
    throw usageError(`${option} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  }
  const bytes = Buffer.concat(chunks)
  if (bytes.length > limitBytes) throw usageError(`${option} is larger than 64 KiB.`)
  return bytes.toString('utf8')
}

/** A file's text, or what stands on standard input where there is no file or it is `-`. */
export async function readInput(
  file: string | undefined,
  option: string,
  terminal: Terminal,
  what: string,
): Promise<string> {
  if (file !== undefined && file !== '-') return readInputFile(file, option)
  if (terminal.stdin.isTTY) terminal.stderr.write(`Paste ${what} here, then press Enter and Ctrl-D.\n`)
  return readStandardInput(terminal)
}
