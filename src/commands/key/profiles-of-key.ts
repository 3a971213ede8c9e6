import pMap from 'p-map'
import { during, refused } from '../../cli/exit.ts'
import type { Operator } from '../../cli/operator.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { formerTokensExpire } from '../../vault/keys/key-versions.ts'
import { type KeyMove, readKeyMoves } from '../../vault/profiles/key-history.ts'
import { settingsFaults } from '../../vault/profiles/profile-settings.ts'

/** A profile that signs with a key. */
export interface KeyProfile {
  profile: string
  settings: ProfileSettings
  kvVersion: number
  /** the version of this key that it pins; undefined when it has changed to another key */
  pinned: number | undefined
  /**
   * when the last token of the profile that a version or an older one signed has expired, in milliseconds since the
   * epoch; 0 when there was none
   */
  lastTokenOf(version: number): number
}

const atOnce = 8

/** Seconds after which every instance has followed; the operator's environment may know better than the default. */
function refreshSeconds(env: NodeJS.ProcessEnv): number {
  const given = Number(env.PADLOCK_PROFILE_REFRESH_SECONDS)
  return Number.isInteger(given) && given >= 1 && given <= 3_600 ? given : 15
}

function lastTokenOf(version: number, moves: readonly KeyMove[], key: string, refresh: number): number {
  const own = moves.map((move) => ({ ...move, uses: move.signingKey === key && move.version <= version }))
  const last = own.findLastIndex(({ uses }) => uses)
  const left = own[last + 1]
  // What KV no longer has was before all that it has.
  if (left === undefined) {
    return 0
  }
  const ttl = Math.max(
    ...own.filter(({ uses }) => uses).map((move) => move.tokenTtlSeconds),
    left.tokenTtlSeconds,
  )
  return formerTokensExpire(left.at, ttl, refresh)
}

async function profileOf(
  { profiles, terminal }: Operator,
  profile: string,
  key: string,
): Promise<KeyProfile | undefined> {
  const { value, version: kvVersion } = await profiles.read(profile)
  if (value === undefined) {
    return undefined
  }
  if (settingsFaults(value).length > 0) {
    throw refused(
      `The profile ${profile} is not valid, so nobody can tell what it signs with. Fix or delete it first.`,
    )
  }
  const settings = value as ProfileSettings
  const moves = await readKeyMoves(profiles, profile)
  if (settings.signingKey !== key && !moves.some(({ signingKey }) => signingKey === key)) {
    return undefined
  }
  const refresh = refreshSeconds(terminal.env)
  const pinned = settings.signingKey === key ? settings.signingKeyVersion : undefined
  const onlyOne = pinned !== undefined && settings.previousSigningKeyVersion === undefined && moves.length < 2
  return {
    ...{ profile, settings, kvVersion, pinned },
    lastTokenOf: (version) => (onlyOne ? 0 : lastTokenOf(version, moves, key, refresh)),
  }
}

/**
 * All profiles that sign with a key, or have signed with it as far as KV knows.
 *
 * @throws CommandError with exit code 1 for a profile of which nobody can tell
 */
export async function profilesOfKey(operator: Operator, key: string): Promise<KeyProfile[]> {
  const names = await during('Reading the profiles', operator.profiles.list())
  const users = await during(
    'Reading the profiles',
    pMap(names, (name) => profileOf(operator, name, key), { concurrency: atOnce }),
  )
  return users.filter((user) => user !== undefined)
}
