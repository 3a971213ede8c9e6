import { ConfigError } from '../config/config.ts'
import type { Config } from '../config/schema.ts'
import type { LostLines } from '../lines/line-buffer.ts'
import { LineFile } from '../lines/line-file.ts'
import type { LineWriter } from '../lines/line-writer.ts'
import type { Log } from '../log.ts'
import { Issuance } from './issuance.ts'
import { IssuanceLog, type LineSink } from './issuance-log.ts'

/** UTF-16 units of lines that wait for the reader of standard output. */
const maxWaiting = 8 * 1024 * 1024

/** The issuance log of a service, and what SIGHUP does to it. */
export interface OpenIssuance {
  issuance: Issuance
  /** reopens the file, as after a rotation; undefined on standard output */
  rotate: (() => void) | undefined
}

/** Lines between those of Padlock's own log: one writer writes both, so that none cuts another in two. */
function toWriter(writer: LineWriter, tellLost: (lost: LostLines) => string): LineSink {
  const lines = writer.channel(tellLost, maxWaiting)
  return {
    append: (line) => lines.append(line),
    written: (withinMs) => lines.written(withinMs),
    state: () => lines.state(),
    get isSettled() {
      return lines.isSettled
    },
    close: (withinMs) => lines.drain(withinMs),
  }
}

/**
 * Opens the issuance log that the configuration asks for.
 *
 * @param stdout what writes Padlock's own log
 * @returns undefined where none is asked for
 * @throws ConfigError when the file cannot be opened
 */
export async function openIssuance(
  config: Config,
  log: Log,
  stdout: LineWriter,
): Promise<OpenIssuance | undefined> {
  const { PADLOCK_ISSUANCE_LOG: path, PADLOCK_ISSUANCE_LOG_REQUIRED: required } = config
  if (path === undefined) {
    log.warn('no issuance log is kept (PADLOCK_ISSUANCE_LOG): `padlock audit reconcile` has nothing to go by')
    return undefined
  }
  if (path === 'stdout') {
    const lines = await IssuanceLog.open((tellLost) => toWriter(stdout, tellLost))
    return { issuance: new Issuance(lines, required, log), rotate: undefined }
  }
  let file: LineFile | undefined
  const lines = await IssuanceLog.open(async (tellLost) => {
    file = await LineFile.open(path, tellLost)
    return file
  }).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError([`PADLOCK_ISSUANCE_LOG cannot be opened (${error.code})`])
  })
  return { issuance: new Issuance(lines, required, log), rotate: () => file?.rotate() }
}

/** What SIGHUP asks a service for: to reopen its files, as after a rotation. */
export function hangUp(log: Pick<Log, 'info'>, rotate: (() => void) | undefined): void {
  rotate?.()
  log.info(rotate ? 'SIGHUP: the issuance log is reopened' : 'SIGHUP: there is no file to reopen')
}
