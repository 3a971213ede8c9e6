import { open } from 'node:fs/promises'
import { usageError } from './exit.ts'
import { readStandardInputBytes, type Terminal } from './terminal.ts'

const longest = 65_536

/**
 * What a file holds, or standard input where the name is `-`; 64 KiB at most.
 *
 * @param option for the message, which repeats nothing of what was given: it may be a key in place of a file's name
 * @throws CommandError with exit code 2
 */
export async function readInput(terminal: Terminal, file: string, option: string): Promise<Buffer> {
  if (file === '-') {
    if (terminal.stdin.isTTY) terminal.stderr.write(`Reading ${option} from here; end it with Ctrl-D.\n`)
    return readStandardInputBytes(terminal)
  }
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`${option} cannot be read (${error.code}).`)
  })
  try {
    const buffer = Buffer.alloc(longest + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) return buffer.subarray(0, length)
      length += bytesRead
      if (length > longest) throw usageError(`${option} holds too much: 64 KiB is the most.`)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw code === undefined ? error : usageError(`${option} cannot be read (${code}).`)
  } finally {
    await handle.close()
  }
}
