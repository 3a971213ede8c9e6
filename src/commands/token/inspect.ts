import { InvalidArgumentError, Option } from '@commander-js/extra-typings'
import { CommandError, exitCodes } from '../../cli/exit.ts'
import { readInput } from '../../cli/input.ts'
import { parseTime } from '../../cli/values/moment.ts'
import { verb as made } from '../../cli/verb.ts'
import { inspectToken } from '../../inspection/inspect.ts'
import { inspectionKeys } from './inspection-keys.ts'
import { inspectionReport, printReport } from './report.ts'

function time(value: string): Date {
  const ms = parseTime(value)
  if (ms === undefined) {
    throw new InvalidArgumentError('Give a time such as 2026-01-31T12:00:00Z.')
  }
  return new Date(ms)
}

const help = {
  text: `The token comes on standard input or from --token-file, never as an argument: every user of a machine can read those. It
may be of any implementation. Nothing is sent or fetched, and no private key is shown. Each fault has a code, and its
likely cause on the line below. Values that may be personal data are masked.

With --public-key and --jwks, the first is the key that iAdvize has, and the set shows which other version signed.`,
  examples: [
    'padlock token inspect --recipient-key .dev/recipient-key.pem --jwks jwks.json < token',
    'padlock token inspect --token-file token --public-key public-key.pem --output json',
  ],
  exitCodes: 'Exit codes: 0 no fault found, 1 faults, 2 wrong usage.',
}

/** `padlock token inspect`: what the recipient would say of a token. */
export const verb = made(
  help,
  (command) =>
    command
      .option('--token-file <file>', 'the token (default: standard input)')
      .option('--recipient-key <file>', "the recipient's RSA private key, PEM or JWK: decrypts")
      .option('--public-key <file>', 'the public key that iAdvize has: verifies')
      .option('--jwks <file>', "JWK Set with the signing key's versions, as Padlock's jwks.json")
      .addOption(
        new Option('--at <time>', 'judge it as at this time, RFC 3339 (default: now)').argParser(time),
      )
      .option('--show-claims', 'show personal data'),
  async ({ terminal, json }, options) => {
    const keys = await inspectionKeys(options)
    const text = String(await readInput(terminal, options.tokenFile, '--token-file', 'the token'))
    const now = options.at?.getTime() ?? Date.now()
    // The line end that `echo` and editors add is of the file, not of the token.
    const inspection = await inspectToken(text.replace(/\r?\n$/, ''), keys, now)
    const report = inspectionReport(inspection, keys, options.showClaims ?? false)
    if (json) {
      terminal.stdout.json(report)
    } else {
      printReport(terminal, report, now)
    }
    if (report.faults.length > 0) {
      throw new CommandError(exitCodes.refused)
    }
  },
)
