import { during, refused } from '../../cli/exit.ts'
import type { Operator } from '../../cli/operator.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { settingsFaults } from '../../vault/profiles/profile-settings.ts'
import type { StoredProfile } from '../../vault/profiles/profile-store.ts'

/**
 * Reads a profile that must be there.
 *
 * @throws CommandError with exit code 1 where there is none, or where it is deleted
 */
export async function existingProfile(
  { profiles }: Operator,
  name: string,
): Promise<StoredProfile & { value: object }> {
  const reading = `Reading the profile ${name}`
  const stored = await during(reading, profiles.read(name))
  if (stored.value !== undefined) {
    return { ...stored, value: Object(stored.value) }
  }
  if (stored.version === 0) {
    throw refused(`There is no profile ${name}: see \`padlock profile list\`.`)
  }
  const versions = await during(reading, profiles.versions(name))
  const at = versions.at(-1)?.deletedAt
  throw refused(
    `The profile ${name} was deleted${at === undefined ? '' : ` at ${at}`}: \`padlock profile rollback ${name}\` brings it back.`,
  )
}

/**
 * Reads a profile that must be there and be valid.
 *
 * @throws CommandError with exit code 1
 */
export async function validProfile(
  operator: Operator,
  name: string,
): Promise<StoredProfile & { value: ProfileSettings }> {
  const stored = await existingProfile(operator, name)
  const faults = settingsFaults(stored.value)
  if (faults.length === 0) {
    return stored as StoredProfile & { value: ProfileSettings }
  }
  throw refused(
    `The profile ${name} is not valid (${faults.join('; ')}). \`padlock profile rollback ${name}\` goes back to its last version.`,
  )
}
