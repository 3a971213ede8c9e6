import pMap from 'p-map'
import { Check } from 'typebox/schema'
import { SigningKeyNameSchema } from '../../token/profile.ts'
import { settingsFaults } from '../../vault/profiles/profile-settings.ts'
import type { ProfileStore } from '../../vault/profiles/profile-store.ts'

const readsAtOnce = 8

/** An operator may write any text into a profile: only the name of a signing key gets into a policy. */
const keyName = (settings: unknown): string[] => {
  const name = (settings as { signingKey?: unknown } | null | undefined)?.signingKey
  return Check(SigningKeyNameSchema, name) ? [name] : []
}

/** Of a profile that is not valid, instances go on with its last good settings. */
async function lastGoodKey(profiles: ProfileStore, profile: string): Promise<string[]> {
  const versions = await profiles.versions(profile)
  for (const { version } of versions.reverse()) {
    const settings = await profiles.readVersion(profile, version)
    if (settings !== undefined && settingsFaults(settings).length === 0) {
      return keyName(settings)
    }
  }
  return []
}

/**
 * The transit keys that the profiles of a KV store sign with; of deleted profiles none.
 *
 * @throws VaultError where a profile cannot be read: a policy without its key would end its tokens
 */
export async function profileSigningKeys(profiles: ProfileStore): Promise<string[]> {
  const names = await profiles.list()
  const keys = await pMap(
    names,
    async (name) => {
      const { value } = await profiles.read(name)
      if (value === undefined) {
        return []
      }
      if (settingsFaults(value).length === 0) {
        return keyName(value)
      }
      return [...keyName(value), ...(await lastGoodKey(profiles, name))]
    },
    { concurrency: readsAtOnce },
  )
  return [...new Set(keys.flat())].sort()
}
