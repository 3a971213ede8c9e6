import { Type } from 'typebox'
import { answerData } from './answer-data.ts'
import type { VaultCallOptions, VaultClient } from './client.ts'
import { ifPresent } from './if-present.ts'
import { profileDataPath, profileMetadataPath } from './profile-paths.ts'

const MetadataSchema = Type.Object({
  current_version: Type.Integer({ minimum: 0 }),
  versions: Type.Record(
    Type.String(),
    Type.Object({ deletion_time: Type.String(), destroyed: Type.Boolean() }),
  ),
})
const DataSchema = Type.Object({
  data: Type.Unknown(),
  metadata: Type.Object({ version: Type.Integer({ minimum: 1 }) }),
})

/** A profile's settings, good or not, and the KV version that they are. */
export interface ProfileData {
  kvVersion: number
  data: unknown
}

/**
 * The newest KV version of a profile, by its metadata alone (KV v2, "Read secret metadata").
 *
 * @returns undefined when there is none, or when it is deleted
 */
export async function readProfileVersion(
  client: VaultClient,
  kvMount: string,
  name: string,
  options: VaultCallOptions,
): Promise<number | undefined> {
  const body = await ifPresent(client.read(profileMetadataPath(kvMount, name), options))
  if (body === undefined) return undefined
  const { current_version, versions } = answerData(MetadataSchema, "a profile's metadata", body)
  const newest = versions[current_version]
  const deleted = newest?.deletion_time !== '' && !(Date.parse(newest?.deletion_time ?? '') > Date.now())
  return newest === undefined || newest.destroyed || deleted ? undefined : current_version
}

/**
 * A profile's settings as they stand in KV, not checked.
 *
 * @returns undefined when there is none, or when it is deleted
 */
export async function readProfileData(
  client: VaultClient,
  kvMount: string,
  name: string,
  options: VaultCallOptions,
): Promise<ProfileData | undefined> {
  const body = await ifPresent(client.read(profileDataPath(kvMount, name), options))
  if (body === undefined) return undefined
  const { data, metadata } = answerData(DataSchema, 'a profile', body)
  return { kvVersion: metadata.version, data }
}
