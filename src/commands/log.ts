import { pino } from 'pino'
import type { Config } from '../config.ts'

/** So many characters of lines may wait for whoever reads the log; what comes then is dropped, and counted. */
const maxWaiting = 4 * 1024 * 1024

export type Log = pino.Logger

/** Takes lines at once and writes them beside the work; a line that it has no room for is a `drop` event. */
export type LogStream = ReturnType<typeof pino.destination>

/** The log, and what is lost of it. */
export interface OpenLog {
  log: Log
  /** where the lines go; other lines may go there between them */
  stream: LogStream
  /** called for each line that is dropped, since nobody reads the log */
  onDrop(listener: () => void): void
}

/**
 * The process's log: JSON lines on standard output. They are written beside the work, so that whoever reads them
 * slowly, or not at all, keeps no token waiting; an exit writes what is left.
 */
export function openLog(level: Config['PADLOCK_LOG_LEVEL']): OpenLog {
  const stream = pino.destination({ sync: false, maxLength: maxWaiting })
  const log = pino({ level, base: null, formatters: { level: (label) => ({ level: label }) } }, stream)
  return { log, stream, onDrop: (listener) => stream.on('drop', listener) }
}
