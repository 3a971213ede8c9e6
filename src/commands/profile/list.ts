import type { ProfileSettings } from '../../token/profile.ts'
import { changeAuthor, readProfileVersions } from '../../vault/profile-history.ts'
import { unlessDenied } from '../../vault/if-present.ts'
import { inTurns } from '../../vault/in-turns.ts'
import { settingsFaults } from '../../vault/profile-settings.ts'
import { listProfileNames, readStoredProfile } from '../../vault/profile-store.ts'
import { during } from '../exit.ts'
import type { Operator } from '../operator.ts'
import { paint, printable, printJson, table } from '../terminal.ts'

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

async function listed({ client, kvMount }: Operator, profile: string): Promise<ListedProfile> {
  const read = await unlessDenied(
    Promise.all([readStoredProfile(client, kvMount, profile), readProfileVersions(client, kvMount, profile)]),
  )
  if (read === undefined) return denied(profile)
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

/** `padlock profile list`. */
export async function listProfiles(operator: Operator, { deleted }: { deleted?: boolean }): Promise<void> {
  const { terminal } = operator
  const work = async () => {
    const names = await listProfileNames(operator.client, operator.kvMount)
    return inTurns(names, atOnce, (name) => listed(operator, name))
  }
  const profiles = (await during('Reading the profiles', work())).filter(
    ({ state }) => deleted || state !== 'deleted',
  )
  if (operator.json) return printJson(terminal, { profiles })
  if (profiles.length === 0) {
    terminal.stdout.write('There are no profiles: see `padlock setup` and `padlock profile create`.\n')
    return
  }
  const head = ['PROFILE', 'STATE', 'ISSUER', 'SIGNING KEY', 'TTL', 'VERSION', 'CHANGED', 'BY']
  const rows = profiles.map((entry) => [
    entry.profile,
    paint(terminal.stdout, colours[entry.state], entry.state),
    printable(entry.issuer ?? '-'),
    entry.signingKey === null ? '-' : `${entry.signingKey} v${entry.signingKeyVersion}`,
    entry.tokenTtlSeconds === null ? '-' : `${entry.tokenTtlSeconds} s`,
    String(entry.version),
    printable(entry.changedAt ?? '-'),
    printable(entry.changedBy ?? '-'),
  ])
  terminal.stdout.write(table([head, ...rows]))
  if (profiles.some(({ state }) => state === 'invalid')) {
    terminal.stderr.write('What is wrong: `padlock profile validate`.\n')
  }
}
