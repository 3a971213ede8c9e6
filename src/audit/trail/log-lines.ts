import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { openRegularFile } from '../../files/regular-file.ts'

const lineFeed = 0x0a
const chunkBytes = 256 * 1024
/** A line that is longer is passed over, so that memory is bounded. */
const longestLine = 16 * 1024 * 1024

/** A file of lines, or standard input. */
export interface LogFile {
  /** path, or `-` */
  name: string
  /** the log of which it is a part: what was given before `=`, or its name without what rotation adds */
  log: string
  /** undefined where it cannot be known */
  bytes: number | undefined
  /** device and inode: the same for one file under two names */
  identity: string | undefined
  /** when it was written last, in milliseconds since the epoch; undefined where it cannot be known */
  writtenAt: number | undefined
}

/** A log that cannot be read; the message is for the operator. */
export class LogFileError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LogFileError'
  }
}

const reasonOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? (error as Error).message

/** What logrotate, Vault, lumberjack and others add to the name of a log: a number, a date or a time, `.gz`. */
const rotated =
  /(\.gz|\.\d{1,4}|[-.]\d{8}([-_.]?\d{2,6})?|[-.]\d{4}-\d\d-\d\d([T_-][\d.:-]+Z?)?|[-.]\d{10,19})$/
const datedBefore = /-\d{4}-\d\d-\d\dT[\d.-]+(?=\.[a-z]+$)/

/** The name of the log that a file is a part of. */
export function logNameOf(file: string): string {
  let name = file
  while (rotated.test(name)) {
    name = name.replace(rotated, '')
  }
  return name.replace(datedBefore, '')
}

/**
 * Looks at a log before it is read.
 *
 * @param given path, `-`, or `<log>=<path>` where the name does not say which log the file is a part of
 * @throws LogFileError when there is no such file, or when it is no regular one: a FIFO may never have a writer
 */
export async function logFile(given: string): Promise<LogFile> {
  const [, label, rest = ''] = /^([A-Za-z][\w.-]*)=(.+)$/.exec(given) ?? []
  const hasLabel = label !== undefined && (await stat(given).catch(() => undefined)) === undefined
  const name = hasLabel ? rest : given
  const log = hasLabel ? label : logNameOf(name)
  if (name === '-') {
    return { name, log, bytes: undefined, identity: undefined, writtenAt: undefined }
  }
  const found: Stats = await stat(name).catch((error: unknown) => {
    throw new LogFileError(`${name} cannot be read (${reasonOf(error)}).`)
  })
  if (found.isDirectory()) {
    throw new LogFileError(`${name} is a folder: name its files.`)
  }
  if (!found.isFile()) {
    throw new LogFileError(
      `${name} is not a regular file: give a pipe on standard input, where - is its name.`,
    )
  }
  return { name, log, bytes: found.size, identity: `${found.dev}:${found.ino}`, writtenAt: found.mtimeMs }
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
  if (first.done) {
    return
  }
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

/** Progress of reading a log. */
export interface ReadObserver {
  /** how many bytes of the file are read */
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
  let rest: Buffer[] = []
  let restBytes = 0
  try {
    const source =
      name === '-' ? stdin : (await openRegularFile(name)).createReadStream({ highWaterMark: chunkBytes })
    for await (const chunk of bytesOf(name, source as AsyncIterable<Buffer>, onBytes)) {
      const lines: Buffer[] = []
      let start = 0
      for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
        const part = chunk.subarray(start, end)
        if (restBytes + part.length > longestLine) {
          onTooLong()
        } else if (restBytes + part.length > 0) {
          lines.push(restBytes === 0 ? part : Buffer.concat([...rest, part]))
        }
        rest = []
        restBytes = 0
        start = end + 1
      }
      restBytes += chunk.length - start
      // What is left of a line that is too long only counts.
      if (restBytes > longestLine) {
        rest = []
      } else if (start < chunk.length) {
        rest.push(chunk.subarray(start))
      }
      yield lines
    }
  } catch (error) {
    if (error instanceof LogFileError) {
      throw error
    }
    throw new LogFileError(`${name} cannot be read to its end (${reasonOf(error)}).`)
  }
  if (restBytes > longestLine) {
    onTooLong()
  } else if (restBytes > 0) {
    yield [Buffer.concat(rest)]
  }
}
