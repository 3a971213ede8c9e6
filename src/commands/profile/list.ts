import pMap from 'p-map'
import { during } from '../../cli/exit.ts'
import { paint } from '../../cli/layout.ts'
import type { Operator } from '../../cli/operator.ts'
import { printResult } from '../../cli/terminal.ts'
import { operatorVerb } from '../../cli/verb.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { unlessDenied } from '../../vault/client/not-found.ts'
import { changeAuthor, settingsFaults } from '../../vault/profiles/profile-settings.ts'

/** A profile as it is listed; where it is not valid, what could be read of it. */
interface ListedProfile {
  profile: string
  state: 'valid' | 'invalid' | 'deleted' | 'denied'
  version: number
  issuer: string | null
  signingKey: string | null
  signingKeyVersion: number | null
  tokenTtlSeconds: number | null
  activeRecipientKey: string | null
  changedAt: string | null
  changedBy: string | null
}

const colours = { valid: 'green', invalid: 'red', deleted: 'dim', denied: 'dim' } as const
const atOnce = 8

/** What is listed of a profile that another team's policies keep from this operator. */
const denied = (profile: string): ListedProfile => ({
  ...{ profile, state: 'denied', version: 0, issuer: null, signingKey: null, signingKeyVersion: null },
  ...{ tokenTtlSeconds: null, activeRecipientKey: null, changedAt: null, changedBy: null },
})

async function listed({ profiles }: Operator, profile: string): Promise<ListedProfile> {
  const read = await unlessDenied(Promise.all([profiles.read(profile), profiles.versions(profile)]))
  if (read === undefined) {
    return denied(profile)
  }
  const [{ version, value }, versions] = read
  const newest = versions.at(-1)
  const isValid = value !== undefined && settingsFaults(value).length === 0
  const settings = (isValid ? value : {}) as Partial<ProfileSettings>
  return {
    profile,
    state: value === undefined ? 'deleted' : isValid ? 'valid' : 'invalid',
    version,
    issuer: settings.issuer ?? null,
    signingKey: settings.signingKey ?? null,
    signingKeyVersion: settings.signingKeyVersion ?? null,
    tokenTtlSeconds: settings.tokenTtlSeconds ?? null,
    activeRecipientKey: settings.activeRecipientKey ?? null,
    changedAt: newest?.deletedAt ?? newest?.createdAt ?? null,
    changedBy: value === undefined ? null : (changeAuthor(value) ?? null),
  }
}

const heads = ['PROFILE', 'STATE', 'ISSUER', 'SIGNING KEY', 'TTL', 'VERSION', 'CHANGED', 'BY']

const rowOf = (entry: ListedProfile) => [
  entry.profile,
  paint(colours[entry.state], entry.state),
  entry.issuer ?? '-',
  entry.signingKey === null ? '-' : `${entry.signingKey} v${entry.signingKeyVersion}`,
  entry.tokenTtlSeconds === null ? '-' : `${entry.tokenTtlSeconds} s`,
  String(entry.version),
  entry.changedAt ?? '-',
  entry.changedBy ?? '-',
]

/** `padlock profile list`. */
export const verb = operatorVerb(
  { examples: ['padlock profile list', 'padlock profile list --output json'] },
  (command) => command.option('--deleted', 'deleted ones, too, which `rollback` can bring back'),
  async (operator, { deleted }) => {
    const work = async () =>
      pMap(await operator.profiles.list(), (name) => listed(operator, name), { concurrency: atOnce })
    const all = await during('Reading the profiles', work())
    const profiles = all.filter(({ state }) => deleted || state !== 'deleted')
    printResult(operator, { profiles }, (stdout) => {
      if (profiles.length === 0) {
        stdout.line('There are no profiles: see `padlock setup` and `padlock profile create`.')
        return
      }
      stdout.table(profiles.map(rowOf), heads)
      if (profiles.some(({ state }) => state === 'invalid')) {
        operator.terminal.stderr.line('What is wrong: `padlock profile validate`.')
      }
    })
  },
)
