import type { Readable } from 'node:stream'
import { auditTime, issuanceTime } from './entry-time.ts'
import { type LogFile, logLines, type ReadObserver } from './log-lines.ts'
import { Unwrapper } from './unwrap.ts'

/** Whose log it is, Vault's or Padlock's. */
export type LogKind = 'audit' | 'issuance'

/** What was read of one log. */
export interface SearchedLog {
  file: string
  /** the log of which this file is a part: a file and its rotated ones are one log */
  log: string
  /** without what was wrapped around them, and without empty ones */
  lines: number
  /** lines of the kind that was expected */
  entries: number
  /** of the earliest and the latest entry, RFC 3339 */
  first: string | null
  last: string | null
  /** lines that were too long to be looked at */
  tooLong: number
  /** lines that seem to be entries and cannot be read */
  unreadable: number
}

/** Whether a log may be being written now: then its last line may not be whole yet. */
const mayBeWritten = ({ writtenAt = Date.now() }: LogFile) => Date.now() - writtenAt < 60_000

/** The first and the last entry of a log, which need not be in order. */
class Edges {
  entries = 0
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY

  add(ms: number): void {
    this.entries += 1
    this.#first = Math.min(this.#first, ms)
    this.#last = Math.max(this.#last, ms)
  }

  times(): Pick<SearchedLog, 'first' | 'last'> {
    const text = (ms: number) => (this.entries === 0 ? null : new Date(ms).toISOString())
    return { first: text(this.#first), last: text(this.#last) }
  }
}

/**
 * Reads one log line by line, without what collectors have wrapped around the lines, and says what it covers.
 *
 * @param onLine gives false for a line that seems to be an entry and cannot be read
 * @throws LogFileError when it cannot be read to its end
 */
export async function readLog(
  file: LogFile,
  kind: LogKind,
  stdin: Readable,
  observer: ReadObserver,
  onLine: (line: Buffer) => boolean,
): Promise<SearchedLog> {
  const [timeOf, edges, wrapped] = [kind === 'audit' ? auditTime : issuanceTime, new Edges(), new Unwrapper()]
  let [lines, tooLong, unreadable, isLastGood] = [0, 0, 0, true]
  const onTooLong = () => {
    tooLong += 1
  }
  const take = (line: Buffer, ms: number | undefined) => {
    lines += 1
    if (ms !== undefined) {
      edges.add(ms)
    }
    if (!isLastGood) {
      unreadable += 1
    }
    isLastGood = onLine(line)
  }
  for await (const chunk of logLines(file, stdin, { ...observer, onTooLong })) {
    for (const outer of chunk) {
      const ms = timeOf(outer)
      if (ms !== undefined) {
        take(outer, ms)
      } else {
        for (const line of wrapped.open(outer)) {
          take(line, timeOf(line))
        }
      }
    }
  }
  const isWritten = mayBeWritten(file)
  if (!isLastGood && !isWritten) {
    unreadable += 1
  }
  unreadable += wrapped.unreadable(isWritten)
  return {
    file: file.name,
    log: file.log,
    lines,
    entries: edges.entries,
    ...edges.times(),
    tooLong,
    unreadable,
  }
}
