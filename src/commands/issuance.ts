import { Issuance, type IssuanceWarnings } from '../audit/issuance.ts'
import { IssuanceLog, type LineSink } from '../audit/issuance-log.ts'
import { type Config, ConfigError } from '../config.ts'
import type { LogStream } from './log.ts'

/** Lines between those of Padlock's own log: both go out by the same stream, so that none cuts another in two. */
function toStream(stream: LogStream): LineSink {
  let lost = 0
  const count = () => {
    lost += 1
  }
  return {
    append(line) {
      // The event comes at once, or not at all.
      stream.once('drop', count)
      stream.write(line)
      stream.off('drop', count)
    },
    flush() {},
    rotate() {},
    state: () => ({ error: undefined, waiting: 0, lost }),
    close: async () => 0,
  }
}

/**
 * Opens the issuance log that the configuration asks for. A file is opened anew at SIGHUP, as after a rotation.
 *
 * @param stdout the stream of Padlock's own log
 * @returns undefined where none is asked for
 * @throws ConfigError when the file cannot be opened
 */
export async function openIssuance(
  config: Config,
  log: IssuanceWarnings & { warn(message: string): void },
  stdout: LogStream,
): Promise<Issuance | undefined> {
  const { PADLOCK_ISSUANCE_LOG: path, PADLOCK_ISSUANCE_LOG_REQUIRED: required } = config
  if (path === undefined) {
    log.warn('no issuance log is kept (PADLOCK_ISSUANCE_LOG): `padlock audit reconcile` has nothing to go by')
    return undefined
  }
  if (path === 'stdout') return new Issuance(new IssuanceLog(toStream(stdout)), required, log)
  const file = await IssuanceLog.toFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError([`PADLOCK_ISSUANCE_LOG cannot be opened (${error.code})`])
  })
  process.on('SIGHUP', () => file.rotate())
  return new Issuance(file, required, log)
}
