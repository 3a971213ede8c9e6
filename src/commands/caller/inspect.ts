import { pino } from 'pino'
import { CommandError, exitCodes, usageError } from '../../cli/exit.ts'
import { readInput } from '../../cli/input.ts'
import { paint } from '../../cli/layout.ts'
import { printNotes, type Terminal } from '../../cli/terminal.ts'
import { profileName } from '../../cli/values/parsers.ts'
import { verb as made } from '../../cli/verb.ts'
import { ConfigError, loadConfig } from '../../config/config.ts'
import type { Config } from '../../config/schema.ts'
import { openCallerKeys } from '../serve/resources.ts'
import { faultWords } from './fault-words.ts'
import { judge, rulesOf } from './judge.ts'

/** The part of the service's configuration that is about callers; a login to Vault is not needed. */
function callerConfig(env: NodeJS.ProcessEnv): Config {
  const names = Object.keys(env).filter((name) =>
    /^PADLOCK_(CALLER_|ALLOW_INSECURE_JWKS$)|^(https?|no)_proxy$/i.test(name),
  )
  const given = Object.fromEntries(names.map((name) => [name, env[name]]))
  try {
    return loadConfig({ ...given, PADLOCK_VAULT_AUTH: 'none' })
  } catch (error) {
    throw error instanceof ConfigError ? usageError(error.message) : error
  }
}

type Members = Readonly<Record<string, unknown>>

/** A part of a JWT; empty where it is no JSON object. */
function partOf(token: string, index: number): Members {
  try {
    const part: unknown = JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8'))
    return typeof part === 'object' && part !== null && !Array.isArray(part) ? (part as Members) : {}
  } catch {
    return {}
  }
}

/** What is said of a token by the service's own code, and what the service would log meanwhile. */
async function inspected(config: Config, token: string, profile: string | undefined) {
  const rules = rulesOf(config)
  const lines: string[] = []
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(line) })
  const keys = await openCallerKeys(config, log).catch((error: unknown) => {
    throw error instanceof ConfigError ? usageError(error.message) : error
  })
  try {
    const isToken = token === '' || /^[\x21-\x7e]+$/.test(token)
    const verdict = isToken
      ? await judge(token, keys, rules, profile)
      : ({ verdict: 'refused', status: 401, callerFault: 'malformed' } as const)
    const [header, claims] = [partOf(token, 0), partOf(token, 1)]
    const notes = lines.map((line) => {
      const { msg, reason } = JSON.parse(line) as { msg: string; reason?: string }
      return reason === undefined ? msg : `${msg} (${reason})`
    })
    const { alg, kid, typ } = header
    const { iss, aud, sub, exp, nbf, iat, scope } = claims
    return {
      verdict: verdict.verdict,
      status: verdict.status,
      ...(verdict.verdict === 'refused' && {
        callerFault: verdict.callerFault,
        ...faultWords(verdict.callerFault, header, claims, rules, Date.now() / 1000, profile),
      }),
      header: { alg, kid, typ },
      claims: { iss, aud, sub, exp, nbf, iat, scope },
      notes,
    }
  } finally {
    keys.stop()
  }
}

const conclusions = {
  accepted: ['green', 'Padlock would let this caller in.'],
  refused: ['red', 'Padlock would refuse this caller'],
  not_checked: ['yellow', "Padlock would answer 503: no usable key of the callers' issuer is known."],
} as const

function print(terminal: Terminal, report: Members & { notes: readonly string[] }): void {
  const { stdout } = terminal
  const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  const { verdict, callerFault, status, detail, expected, found, fix, header, claims } = report
  const parts = { ...(header as Members), ...(claims as Members) }
  const rows = Object.entries(parts).filter(([, value]) => value !== undefined)
  if (rows.length > 0) {
    stdout.table(rows.map(([name, value]) => [name, shown(value)]))
    stdout.line()
  }
  const [colour, words] = conclusions[verdict as keyof typeof conclusions]
  stdout.line(paint(colour, callerFault === undefined ? words : `${words} with ${status}: ${callerFault}.`))
  const more = Object.entries({ '': detail, expected, found, fix }).filter(([, value]) => value !== undefined)
  for (const [name, value] of more) {
    stdout.line(name === '' ? shown(value) : `  ${name}: ${shown(value)}`)
  }
  printNotes(terminal, report.notes)
}

const help = {
  text: `The JWT comes on standard input or from --token-file, never as an argument: every user of a machine can read those. It
is judged by the variables that the service has: PADLOCK_CALLER_ISSUER, PADLOCK_CALLER_AUDIENCE, PADLOCK_CALLER_JWKS_URL
or PADLOCK_CALLER_PUBLIC_KEY_FILE, and the others of PADLOCK_CALLER_…. The key set is fetched; nothing else is, and Vault
is not asked. The header and claims are shown, the token is not. docs/callers.md has every fault.`,
  examples: [
    'padlock caller inspect < caller-token',
    'padlock caller inspect --profile default --token-file caller-token --output json',
  ],
  exitCodes: 'Exit codes: 0 it would be let in, 1 it would not, 2 wrong usage.',
}

/**
 * `padlock caller inspect`: what Padlock would say of a caller's JWT, and why. Exit code 1 where it would not be let in,
 * or where the issuer's keys cannot be had.
 */
export const verb = made(
  help,
  (command) =>
    command
      .option('--token-file <file>', 'the JWT (default: standard input)')
      .option('--profile <name>', 'look also whether its scope has the right to this profile', profileName),
  async ({ terminal, json }, { tokenFile, profile }) => {
    const config = callerConfig(terminal.env)
    const text = String(await readInput(terminal, tokenFile, '--token-file', "the caller's JWT"))
    const token = text.trim().replace(/^(authorization: *)?bearer +/i, '')
    const report = await inspected(config, token, profile)
    if (json) {
      terminal.stdout.json(report)
    } else {
      print(terminal, report)
    }
    if (report.verdict !== 'accepted') {
      throw new CommandError(exitCodes.refused)
    }
  },
)
