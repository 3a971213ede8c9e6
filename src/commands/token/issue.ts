import { Argument, Command, Option } from 'commander'
import type { TokenRequest, VisitorData } from '../../token/claims.ts'
import { exitCodes, runCommand, usageError } from '../exit.ts'
import { profileName } from '../option-values.ts'
import { processTerminal, type Terminal, table } from '../terminal.ts'
import { readInput, readInputFile } from './input-file.ts'
import { padlockApi, requestToken } from './padlock-api.ts'

/** The options of `padlock token issue`, as commander gives them. */
export interface IssueOptions {
  userIdFile?: string
  visitorDataFile?: string
  callerTokenFile?: string
  allowPlainHttp?: boolean
  output: 'table' | 'json' | 'token'
}

async function visitorData(file: string | undefined): Promise<VisitorData | undefined> {
  if (file === undefined) return undefined
  const text = await readInputFile(file, '--visitor-data-file')
  try {
    // What is in it is Padlock's to judge.
    return JSON.parse(text) as VisitorData
  } catch {
    throw usageError('--visitor-data-file is not JSON.')
  }
}

/**
 * `padlock token issue`: a token from a running Padlock.
 *
 * @throws CommandError with exit code 1 where it is refused, 2 for wrong usage, 3 where Padlock or Vault does not answer
 */
export async function issue(
  profile: string,
  options: IssueOptions,
  terminal: Terminal = processTerminal,
): Promise<void> {
  const api = await padlockApi(terminal.env, options)
  const data = await visitorData(options.visitorDataFile)
  const text = await readInput(options.userIdFile, '--user-id-file', terminal, 'the userId')
  // The line end that `echo` and editors add is not the userId's; anything else is for Padlock to refuse.
  const userId = text.replace(/\r?\n$/, '')
  const request: TokenRequest = data === undefined ? { userId } : { userId, visitorData: data }
  const issued = await requestToken(api, profile, request)
  if (options.output === 'json') terminal.stdout.write(`${JSON.stringify(issued, null, 2)}\n`)
  else if (options.output === 'token') terminal.stdout.write(`${issued.token}\n`)
  else {
    const { token, expiresAt, expiresIn, keyVersion, auditId } = issued
    const rows = [
      ['expires', `${expiresAt}, in ${expiresIn} seconds`],
      ['key version', String(keyVersion)],
      ['audit id', auditId],
    ]
    terminal.stdout.write(`${table(rows)}\n${token}\n`)
  }
}

const help = `
Asks a running Padlock over HTTP, as a shop's backend does: nobody but Padlock's own login may sign.
  PADLOCK_URL            its address (default: http://127.0.0.1:3000)
  PADLOCK_CALLER_TOKEN   the caller's JWT, or give --caller-token-file; PADLOCK_DEV_CALLER_TOKEN of .dev/env serves too

The userId comes on standard input or from --user-id-file, never as an argument: it is personal data, and every user
of a machine can read those.

Examples:
  padlock token issue default --user-id-file id.txt --caller-token-file caller.jwt
  echo customer-8714 | padlock token issue default --output token > token

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 Padlock or its Vault does not answer.`

/** The sub-command of `padlock token`. */
export function issueCommand(): Command {
  return new Command('issue')
    .description('ask a running Padlock for a token')
    .addArgument(new Argument('<profile>', 'whose token it is').argParser(profileName))
    .option('--user-id-file <file>', "the visitor's userId (default: standard input)")
    .option('--visitor-data-file <file>', 'visitorData as a JSON object')
    .option('--caller-token-file <file>', "the caller's JWT")
    .option('--allow-plain-http', 'allow http off the loopback')
    .addOption(
      new Option('--output <format>', 'table, json, or the token alone')
        .choices(['table', 'json', 'token'])
        .default('table'),
    )
    .addHelpText('after', help)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCodes.done : exitCodes.usage))
    .action((profile: string, options: IssueOptions) =>
      runCommand(processTerminal, () => issue(profile, options)),
    )
}
