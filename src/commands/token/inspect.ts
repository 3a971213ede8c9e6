import { Command, InvalidArgumentError, Option } from 'commander'
import { inspectToken } from '../../token/inspect.ts'
import { exitCodes, runCommand } from '../exit.ts'
import { processTerminal, type Terminal } from '../terminal.ts'
import { readInput } from './input-file.ts'
import { inspectionKeys, type KeyFiles } from './inspection-keys.ts'
import { inspectionReport, printReport } from './report.ts'

/** The options of `padlock token inspect`, as commander gives them. */
export interface InspectOptions extends KeyFiles {
  tokenFile?: string
  at?: Date
  showClaims?: boolean
  output: 'table' | 'json'
}

function time(value: string): Date {
  const date = new Date(value)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) || Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError('Give a time such as 2026-01-31T12:00:00Z.')
  }
  return date
}

/**
 * `padlock token inspect`: what the recipient would say of a token.
 *
 * @returns exit code 0 where no fault was found, 1 where one was
 * @throws CommandError with exit code 2 for wrong usage
 */
export async function inspect(options: InspectOptions, terminal: Terminal = processTerminal): Promise<0 | 1> {
  const keys = await inspectionKeys(options)
  const text = await readInput(options.tokenFile, '--token-file', terminal, 'the token')
  const now = options.at?.getTime() ?? Date.now()
  // The line end that `echo` and editors add is of the file, not of the token.
  const inspection = await inspectToken(text.replace(/\r?\n$/, ''), keys, now)
  const report = inspectionReport(inspection, keys, options.showClaims ?? false)
  if (options.output === 'json') terminal.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else printReport(terminal, report, now)
  return report.faults.length > 0 ? exitCodes.refused : exitCodes.done
}

const help = `
The token comes on standard input or from --token-file, never as an argument: every user of a machine can read those.
It may be of any implementation. Nothing is sent or fetched, and no private key is shown. Each fault has a code, and
its likely cause on the line below. Values that may be personal data are masked.

With --public-key and --jwks, the first is the key that iAdvize has, and the set tells which other version signed.

Examples:
  padlock token inspect --recipient-key .dev/recipient-key.pem --jwks jwks.json < token
  padlock token inspect --token-file token --public-key public-key.pem --output json

Exit codes: 0 no fault found, 1 faults, 2 wrong usage.`

/** The sub-command of `padlock token`. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('say what the recipient would say of a token, fault by fault')
    .option('--token-file <file>', 'the token (default: standard input)')
    .option('--recipient-key <file>', "the recipient's RSA private key, PEM or JWK: decrypts")
    .option('--public-key <file>', 'the public key that iAdvize has: verifies')
    .option('--jwks <file>', "JWK Set with the signing key's versions, as Padlock's jwks.json")
    .addOption(new Option('--at <time>', 'judge it as at this time, RFC 3339 (default: now)').argParser(time))
    .option('--show-claims', 'show personal data')
    .addOption(new Option('--output <format>', 'table or json').choices(['table', 'json']).default('table'))
    .addHelpText('after', help)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage))
    .action((options: InspectOptions) =>
      runCommand(processTerminal, async () => {
        process.exitCode = await inspect(options)
      }),
    )
}
