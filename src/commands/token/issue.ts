import { Option } from '@commander-js/extra-typings'
import { usageError } from '../../cli/exit.ts'
import { readInput, readInputFile } from '../../cli/input.ts'
import { profileName } from '../../cli/values/parsers.ts'
import { verb as made } from '../../cli/verb.ts'
import type { TokenRequest, VisitorData } from '../../token/claims.ts'
import { padlockApi, requestToken } from './padlock-api.ts'

async function visitorData(file: string | undefined): Promise<VisitorData | undefined> {
  if (file === undefined) {
    return undefined
  }
  const text = String(await readInputFile(file, '--visitor-data-file'))
  try {
    // What is in it is Padlock's to judge.
    return JSON.parse(text) as VisitorData
  } catch {
    throw usageError('--visitor-data-file is not JSON.')
  }
}

const help = {
  text: `Asks a running Padlock over HTTP, as a shop's backend does: nobody but Padlock's own login may sign.

The userId comes on standard input or from --user-id-file, never as an argument: it is personal data, and every user of
a machine can read those.`,
  rows: {
    title: 'Variables',
    cells: [
      ['PADLOCK_URL', 'its address (default: http://127.0.0.1:3000)'],
      [
        'PADLOCK_CALLER_TOKEN',
        "the caller's JWT, or give --caller-token-file; PADLOCK_DEV_CALLER_TOKEN of .dev/env serves too",
      ],
    ],
  },
  examples: [
    'padlock token issue default --user-id-file id.txt --caller-token-file caller.jwt',
    'echo customer-8714 | padlock token issue default --output token > token',
  ],
  exitCodes: 'Exit codes: 0 done, 1 refused, 2 wrong usage, 3 Padlock or its Vault does not answer.',
}

/** `padlock token issue`: a token from a running Padlock. Exit code 3 where Padlock or its Vault does not answer. */
export const verb = made(
  help,
  (command) =>
    command
      .argument('<profile>', 'whose token it is', profileName)
      .option('--user-id-file <file>', "the visitor's userId (default: standard input)")
      .option('--visitor-data-file <file>', 'visitorData as a JSON object')
      .option('--caller-token-file <file>', "the caller's JWT")
      .option('--allow-plain-http', 'allow http off the loopback')
      .addOption(
        new Option('-o, --output <format>', 'table, json, or the token alone')
          .choices(['table', 'json', 'token'])
          .default('table'),
      ),
  async ({ terminal, json }, profile, options) => {
    const api = await padlockApi(terminal.env, options)
    const data = await visitorData(options.visitorDataFile)
    const text = String(await readInput(terminal, options.userIdFile, '--user-id-file', 'the userId'))
    // The line end that `echo` and editors add is not the userId's; anything else is for Padlock to refuse.
    const userId = text.replace(/\r?\n$/, '')
    const request: TokenRequest = data === undefined ? { userId } : { userId, visitorData: data }
    const issued = await requestToken(api, profile, request)
    if (json) {
      return terminal.stdout.json(issued)
    }
    const { token, expiresAt, expiresIn, keyVersion, auditId } = issued
    if (options.output !== 'token') {
      terminal.stdout.table([
        ['expires', `${expiresAt}, in ${expiresIn} seconds`],
        ['key version', String(keyVersion)],
        ['audit id', auditId],
      ])
      terminal.stdout.line()
    }
    terminal.stdout.line(token)
  },
)
