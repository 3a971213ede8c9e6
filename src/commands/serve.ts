import { isatty } from 'node:tty'
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import closeWithGrace from 'close-with-grace'
import { command } from '../cli/command.ts'
import { keepHeapSmall, leave } from '../cli/process.ts'
import { endBy, handSignalsOver } from '../cli/signals.ts'
import { processTerminal } from '../cli/terminal.ts'
import type { Verb } from '../cli/verb.ts'
import { ConfigError } from '../config/config.ts'
import type { Config } from '../config/schema.ts'
import { type OpenLog, openLog } from '../log.ts'
import { checkedConfig } from './serve/checked-config.ts'
import { buildService, flushMs, type Service } from './serve/service.ts'
import { reportUnusedVariables } from './serve/unused-variables.ts'

/** Exit code of a stop after which lines of the log or of the issuance log are missing. */
const linesLost = 4
/** A terminal that was closed sends SIGHUP; elsewhere it asks to reopen files, as after a rotation. */
const endsAtHangUp = isatty(1)

/**
 * `padlock serve`: the HTTP service, until a signal stops it.
 *
 * @returns the exit code when it cannot start: 2 for a configuration that is not usable, 1 otherwise
 */
export async function serve(env: NodeJS.ProcessEnv): Promise<number> {
  keepHeapSmall()
  let config: Config
  let output: OpenLog | undefined
  let service: Service
  try {
    config = await checkedConfig(env)
    output = openLog(config.PADLOCK_LOG_LEVEL)
    service = await buildService(config, output)
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error
    }
    processTerminal.stderr.message(error.message)
    await output?.writer.close(flushMs)
    return 2
  }
  const { log } = output
  reportUnusedVariables(config, env, log)

  /** @param code where all lines are written */
  const withLines = (code: number) => (service.isSettled ? code : linesLost)
  closeWithGrace(
    {
      ...{ delay: config.PADLOCK_GRACE_PERIOD_MS, logger: false },
      skip: endsAtHangUp ? [] : ['SIGHUP'],
      onSecondSignal: endBy,
      onTimeout: () => leave(withLines(1)),
    },
    async ({ signal, err }) => {
      if (err) {
        log.fatal({ errorName: err.name }, 'stopping after an error that nothing caught')
      } else {
        log.info({ signal }, 'stopping')
      }
      await service.stop()
      leave(err ? 1 : withLines(0))
    },
  )
  if (!endsAtHangUp) {
    process.on('SIGHUP', () => service.hangUp())
  }
  handSignalsOver()

  if (!(await service.start())) {
    return 1
  }
  return new Promise<number>(() => {})
}

const help = {
  text: 'It serves until SIGTERM or SIGINT, which finish what is in flight. Its log goes to standard output, as JSON unless that is a terminal.',
  examples: ['set -a; . ./padlock.env; set +a; padlock serve', 'curl -sS http://127.0.0.1:3000/health/ready'],
  exitCodes:
    'Exit codes: 0 stopped by a signal, 1 it cannot listen or no profile can sign, 2 wrong configuration, 4 stopped by ' +
    'a signal, and lines of the log or of the issuance log could not be written.',
}

/** `padlock serve`, as the list of commands has it. */
export const verb: Verb = (name, summary, terminal) =>
  command(name, summary, help, terminal).action(async () => {
    leave(await serve(process.env))
  }) as unknown as CommandUnknownOpts
