import { hostname } from 'node:os'
import { isatty } from 'node:tty'
import { type BaseLogger, type Bindings, pino } from 'pino'
import type { Config } from './config/schema.ts'
import type { LostLines } from './lines/line-buffer.ts'
import { LineWriter } from './lines/line-writer.ts'
import { openStandardOutput } from './lines/standard-output.ts'
import { prettyLine } from './pretty-log.ts'

/** UTF-16 units of lines that wait for the reader of the log; what comes then is dropped, and counted. */
const maxWaiting = 4 * 1024 * 1024

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/** What is logged with, by the service, a request (`request.log`) and tests alike. */
export interface Log extends Pick<BaseLogger, Level | 'level'> {
  child(bindings: Bindings): Log
}

/** The log, and what is lost of it. */
export interface OpenLog {
  log: Log
  /** writes the lines; those of the issuance log may go between them */
  writer: LineWriter
  /** lines that were dropped, since nobody reads the log */
  readonly dropped: number
}

function lineOfDropped({ lines, since, until }: LostLines): string {
  const record = {
    level: 'warn',
    time: new Date().toISOString(),
    host: hostname(),
    lines,
    since,
    until,
    msg: 'lines of this log were dropped',
  }
  return `${JSON.stringify(record)}\n`
}

/**
 * The process's log: JSON lines on standard output, with `time` in RFC 3339 and `host`; on a terminal, lines for eyes.
 * They are written beside the work, so that a reader who is slow, or gone, keeps no token waiting. Before an exit the
 * writer is to be closed.
 */
export function openLog(level: Config['PADLOCK_LOG_LEVEL']): OpenLog {
  const forEyes = isatty(1)
  const writer = new LineWriter(openStandardOutput())
  const lines = writer.channel(
    (lost) => (forEyes ? prettyLine(lineOfDropped(lost)) : lineOfDropped(lost)),
    maxWaiting,
    { arePrintable: forEyes },
  )
  const log = pino(
    {
      level,
      base: { host: hostname() },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write(line: string) {
        lines.append(forEyes ? prettyLine(line) : line)
        lines.flush()
      },
    },
  )
  return {
    log,
    writer,
    get dropped() {
      return lines.state().lost
    },
  }
}
