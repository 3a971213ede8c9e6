import { pino } from 'pino'
import type { Config } from '../config.ts'

/** So many characters of lines may wait for whoever reads the log; what comes then is dropped, and counted. */
const maxWaiting = 4 * 1024 * 1024

/** Lines are written together when they have so many bytes, or so many milliseconds after the first of them came. */
const together = { bytes: 8 * 1024, ms: 20 }

export type Log = pino.Logger

/** Takes whole lines at once and writes them beside the work. */
export interface LogStream {
  /** @returns false where there is no room for the line: it is lost */
  write(line: string): boolean
}

/** The log, and what is lost of it. */
export interface OpenLog {
  log: Log
  /** where the lines go; other lines may go there between them */
  stream: LogStream
  /** called for each line that is dropped, since nobody reads the log */
  onDrop(listener: () => void): void
}

/** Writes to standard output what has gathered there; an exit writes what is left. */
function standardOutput(): LogStream & Pick<OpenLog, 'onDrop'> {
  const out = pino.destination({ sync: false, maxLength: maxWaiting, minLength: together.bytes })
  let dropped = false
  let due = false
  const flush = () => {
    due = false
    out.flush()
  }
  // Told of at once, within `write`.
  out.on('drop', () => {
    dropped = true
  })
  return {
    write(line) {
      dropped = false
      out.write(line)
      if (!due) setTimeout(flush, together.ms)
      due = true
      return !dropped
    },
    onDrop: (listener) => out.on('drop', listener),
  }
}

/**
 * The process's log: JSON lines on standard output. They are written beside the work, so that whoever reads them
 * slowly, or not at all, keeps no token waiting, and several at a time, since each write costs as much as a tenth of a
 * token. A process that is killed loses those of its last moments.
 */
export function openLog(level: Config['PADLOCK_LOG_LEVEL']): OpenLog {
  const stream = standardOutput()
  const log = pino({ level, base: null, formatters: { level: (label) => ({ level: label }) } }, stream)
  return { log, stream, onDrop: stream.onDrop }
}
