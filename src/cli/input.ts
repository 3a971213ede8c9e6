import { openRegularFile } from '../files/regular-file.ts'
import { usageError } from './exit.ts'
import type { Terminal } from './terminal.ts'

const limitBytes = 65_536

/**
 * What a regular file holds, 64 KiB at most.
 *
 * @param option names the file in the messages, which repeat nothing of what was given: it may be a key in place of a
 *   file's name
 * @throws CommandError with exit code 2
 */
export async function readInputFile(file: string, option: string): Promise<Buffer> {
  const handle = await openRegularFile(file).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`${option} cannot be read (${error.code}).`)
  })
  try {
    const buffer = Buffer.alloc(limitBytes + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) {
        return buffer.subarray(0, length)
      }
      length += bytesRead
      if (length > limitBytes) {
        throw usageError(`${option} is larger than 64 KiB.`)
      }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw code === undefined ? error : usageError(`${option} cannot be read (${code}).`)
  } finally {
    await handle.close()
  }
}

/** All of standard input, 64 KiB at most. */
async function readStandardInput({ stdin, stderr }: Terminal, what: string): Promise<Buffer> {
  if (stdin.isTTY) {
    stderr.line(`Paste ${what} here, then press Enter and Ctrl-D.`)
  }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk))
    length += chunk.length
    if (length > limitBytes) {
      throw usageError('There is too much on standard input.')
    }
  }
  return Buffer.concat(chunks)
}

/**
 * What a regular file holds, or standard input where there is no file or its name is `-`; 64 KiB at most.
 *
 * @param option names the file in the messages
 * @param what is asked for at a terminal, such as `the token`
 * @throws CommandError with exit code 2
 */
export function readInput(
  terminal: Terminal,
  file: string | undefined,
  option: string,
  what = option,
): Promise<Buffer> {
  return file === undefined || file === '-' ? readStandardInput(terminal, what) : readInputFile(file, option)
}
