import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

const lineFeed = 0x0a
const chunkBytes = 256 * 1024
/** A line that is longer is passed over, so that memory is bounded. */
const longestLine = 16 * 1024 * 1024

/** A file of lines, or standard input. */
export interface LogFile {
  /** path, or `-` */
  name: string
  /** undefined where it cannot be known */
  bytes: number | undefined
  /** device and inode: the same for one file under two names */
  identity: string | undefined
}

/** A log that cannot be read; the message is for the operator. */
export class LogFileError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LogFileError'
  }
}

const reasonOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? (error as Error).message

/** Looks at a log before it is read. @throws LogFileError when there is no such file, or when it is no file */
export async function logFile(name: string): Promise<LogFile> {
  if (name === '-') return { name, bytes: undefined, identity: undefined }
  const found: Stats = await stat(name).catch((error: unknown) => {
    throw new LogFileError(`${name} cannot be read (${reasonOf(error)}).`)
  })
  if (found.isDirectory()) throw new LogFileError(`${name} is a folder: name its files.`)
  return { name, bytes: found.isFile() ? found.size : undefined, identity: `${found.dev}:${found.ino}` }
}

/** Compressed files by their first bytes, and the program that opens those which are not opened here. */
const openers: [magic: number[], program: string][] = [
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd -dc'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz -dc'],
  [[0x42, 0x5a, 0x68], 'bzip2 -dc'],
]
const beginsWith = (bytes: Buffer, magic: readonly number[]) => magic.every((byte, i) => bytes[i] === byte)

/** What stands in a log, whether it is compressed with gzip or not. */
async function* bytesOf(
  name: string,
  source: AsyncIterable<Buffer>,
  onBytes: (count: number) => void,
): AsyncGenerator<Buffer> {
  const counted = (async function* () {
    for await (const chunk of source) {
      onBytes(chunk.length)
      yield chunk
    }
  })()
  const first = await counted.next()
  if (first.done) return
  const opener = openers.find(([magic]) => beginsWith(first.value, magic))
  if (opener !== undefined) {
    throw new LogFileError(`${name} is compressed: \`${opener[1]} ${name} | … --log -\` opens it.`)
  }
  const all = (async function* () {
    yield first.value
    yield* counted
  })()
  if (!beginsWith(first.value, [0x1f, 0x8b])) {
    yield* all
    return
  }
  const gunzip = createGunzip({ chunkSize: chunkBytes })
  const input = Readable.from(all)
  input.on('error', (error) => gunzip.destroy(error))
  yield* input.pipe(gunzip)
}

/** What reading a log tells on the way. */
export interface ReadObserver {
  /** so many bytes of the file are read */
  onBytes?: (count: number) => void
  /** a line was passed over, since it is too long */
  onTooLong?: () => void
}

/**
 * The lines of a log, many at a time, without their line feeds; empty lines are left out. Memory is bounded.
 *
 * @param stdin what `-` stands for
 * @throws LogFileError when it cannot be read to its end
 */
export async function* logLines(
  { name }: LogFile,
  stdin: Readable,
  { onBytes = () => {}, onTooLong = () => {} }: ReadObserver = {},
): AsyncGenerator<Buffer[]> {
  const source = name === '-' ? stdin : createReadStream(name, { highWaterMark: chunkBytes })
  let rest: Buffer[] = []
  let restBytes = 0
  try {
    for await (const chunk of bytesOf(name, source as AsyncIterable<Buffer>, onBytes)) {
      const lines: Buffer[] = []
      let start = 0
      for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
        const part = chunk.subarray(start, end)
        if (restBytes + part.length > longestLine) onTooLong()
        else if (restBytes + part.length > 0)
          lines.push(restBytes === 0 ? part : Buffer.concat([...rest, part]))
        rest = []
        restBytes = 0
        start = end + 1
      }
      restBytes += chunk.length - start
      // What is left of a line that is too long only counts.
      if (restBytes > longestLine) rest = []
      else if (start < chunk.length) rest.push(chunk.subarray(start))
      yield lines
    }
  } catch (error) {
    if (error instanceof LogFileError) throw error
    throw new LogFileError(`${name} cannot be read to its end (${reasonOf(error)}).`)
  }
  if (restBytes > longestLine) onTooLong()
  else if (restBytes > 0) yield [Buffer.concat(rest)]
}
