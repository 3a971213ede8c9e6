import { Type } from 'typebox'
import { answerData } from './answer-data.ts'
import type { VaultCallOptions, VaultClient } from './client.ts'
import { ifStored } from './if-present.ts'
import { profileDataPath, profileMetadataPath } from './profile-paths.ts'

const MetadataSchema = Type.Object({
  current_version: Type.Integer({ minimum: 0 }),
  versions: Type.Record(
    Type.String(),
    Type.Object({ created_time: Type.String(), deletion_time: Type.String(), destroyed: Type.Boolean() }),
  ),
})
const DataSchema = Type.Object({
  data: Type.Unknown(),
  metadata: Type.Object({ version: Type.Integer({ minimum: 1 }), created_time: Type.String() }),
})

/** Which state of a profile it is. The number alone begins anew where the history was erased. */
export interface ProfileVersion {
  kvVersion: number
  /** RFC 3339 */
  createdAt: string
}

/** A profile's settings, good or not, and which state they are. */
export interface ProfileData extends ProfileVersion {
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
): Promise<ProfileVersion | undefined> {
  const body = await ifStored(client.read(profileMetadataPath(kvMount, name), options))
  if (body === undefined) return undefined
  const { current_version, versions } = answerData(MetadataSchema, "a profile's metadata", body)
  const newest = versions[current_version]
  const deleted = newest?.deletion_time !== '' && !(Date.parse(newest?.deletion_time ?? '') > Date.now())
  if (newest === undefined || newest.destroyed || deleted) return undefined
  return { kvVersion: current_version, createdAt: newest.created_time }
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
  const body = await ifStored(client.read(profileDataPath(kvMount, name), options))
  if (body === undefined) return undefined
  const { data, metadata } = answerData(DataSchema, 'a profile', body)
  return { kvVersion: metadata.version, createdAt: metadata.created_time, data }
}
