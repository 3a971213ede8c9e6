import { Type } from 'typebox'
import type { ProfileSettings } from '../token/profile.ts'
import { answerData } from './answer-data.ts'
import { type VaultClient, VaultError } from './client.ts'
import { ifPresent } from './if-present.ts'
import { profileDataPath, profileMetadataPath, profilesFolder } from './profile-paths.ts'
import { isProfileName, settingsFaults } from './profile-settings.ts'

/** A profile as it stands in KV, good or not. */
export interface StoredProfile {
  /** KV version, which a change must name; 0 when there never was one, the deleted one's after a deletion */
  version: number
  /** undefined when there is none, or when it is deleted */
  value: unknown
}

/** Somebody else changed the profile between the read and the write; nothing was written. */
export class ProfileConflictError extends Error {
  constructor(name: string) {
    super(`Someone else has changed the profile ${name} in the meantime; nothing was written. Look again.`)
    this.name = 'ProfileConflictError'
  }
}

/** Names of all profiles, deleted ones that have a history included. */
export async function listProfileNames(client: VaultClient, kvMount: string): Promise<string[]> {
  const body = await ifPresent(client.list(profilesFolder(kvMount)))
  if (body === undefined) return []
  const { keys } = answerData(Type.Object({ keys: Type.Array(Type.String()) }), 'the profiles', body)
  return keys.filter((key) => isProfileName(key))
}

const DataSchema = Type.Object({
  data: Type.Unknown(),
  metadata: Type.Object({ version: Type.Integer({ minimum: 1 }) }),
})
const HistorySchema = Type.Object({ current_version: Type.Integer({ minimum: 0 }) })

/** Reads a profile with the version that a change must name. */
export async function readStoredProfile(
  client: VaultClient,
  kvMount: string,
  name: string,
): Promise<StoredProfile> {
  const body = await ifPresent(client.read(profileDataPath(kvMount, name)))
  if (body !== undefined) {
    const { data, metadata } = answerData(DataSchema, 'a profile', body)
    return { version: metadata.version, value: data }
  }
  const history = await ifPresent(client.read(profileMetadataPath(kvMount, name)))
  if (history === undefined) return { version: 0, value: undefined }
  const { current_version } = answerData(HistorySchema, "a profile's history", history)
  return { version: current_version, value: undefined }
}

/**
 * Writes a profile if nobody has changed it since it was read (check-and-set).
 *
 * @param version the version that was read; 0 for a profile that never was
 * @returns the version written
 * @throws TypeError for settings that are not valid; ProfileConflictError; VaultError as the client does
 */
export async function writeProfile(
  client: VaultClient,
  kvMount: string,
  name: string,
  settings: ProfileSettings,
  version: number,
): Promise<number> {
  const faults = isProfileName(name) ? settingsFaults(settings) : ['the name is not a profile name']
  if (faults.length > 0) throw new TypeError(`The profile is not valid: ${faults.join('; ')}.`)
  try {
    const path = profileDataPath(kvMount, name)
    const body = await client.write(path, { options: { cas: version }, data: settings })
    return answerData(Type.Object({ version: Type.Integer() }), 'a written profile', body).version
  } catch (error) {
    const conflict =
      error instanceof VaultError &&
      error.vaultStatus === 400 &&
      error.vaultMessages.some((message) => message.includes('check-and-set'))
    throw conflict ? new ProfileConflictError(name) : error
  }
}
