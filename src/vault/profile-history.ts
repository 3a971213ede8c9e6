import { Type } from 'typebox'
import { answerData } from './answer-data.ts'
import type { VaultClient } from './client.ts'
import { ifPresent } from './if-present.ts'
import { profileDataPath, profileMetadataPath, profileVersionsPath } from './profile-paths.ts'
import { ProfileConflictError, readStoredProfile } from './profile-store.ts'

/** One version of a profile, as KV keeps it (10 of them, unless the store was told otherwise). */
export interface ProfileVersion {
  version: number
  /** RFC 3339, UTC */
  createdAt: string
  /** RFC 3339; undefined for a version that was not deleted */
  deletedAt: string | undefined
  /** true when its contents are gone for good */
  destroyed: boolean
}

const MetadataSchema = Type.Object({
  versions: Type.Record(
    Type.String({ pattern: '^[1-9][0-9]*$' }),
    Type.Object({ created_time: Type.String(), deletion_time: Type.String(), destroyed: Type.Boolean() }),
  ),
})

/** A time of Vault's, to the millisecond instead of the nanosecond. */
const rfc3339 = (time: string) => new Date(time).toISOString()

/** All versions of a profile that KV still knows, the oldest first; empty when there never was one. */
export async function readProfileVersions(
  client: VaultClient,
  kvMount: string,
  name: string,
): Promise<ProfileVersion[]> {
  const body = await ifPresent(client.read(profileMetadataPath(kvMount, name)))
  if (body === undefined) return []
  const { versions } = answerData(MetadataSchema, "a profile's history", body)
  return Object.entries(versions)
    .map(([version, { created_time, deletion_time, destroyed }]) => ({
      version: Number(version),
      createdAt: rfc3339(created_time),
      deletedAt: deletion_time === '' ? undefined : rfc3339(deletion_time),
      destroyed,
    }))
    .sort((one, other) => one.version - other.version)
}

/** The settings of one version, good or not; undefined when it was deleted or is no longer kept. */
export async function readSettingsOf(
  client: VaultClient,
  kvMount: string,
  name: string,
  version: number,
): Promise<unknown> {
  const body = await ifPresent(
    client.read(profileDataPath(kvMount, name), { query: { version: String(version) } }),
  )
  if (body === undefined) return undefined
  return answerData(Type.Object({ data: Type.Unknown() }), 'a version of a profile', body).data
}

/** Who wrote this version of a profile; undefined where it was not written by `padlock`. */
export function changeAuthor(settings: unknown): string | undefined {
  const { changedBy } = (settings ?? {}) as { changedBy?: unknown }
  return typeof changedBy === 'string' ? changedBy : undefined
}

/**
 * Deletes a profile if nobody has changed it since it was read; its versions can be brought back.
 *
 * @param version the version that was read
 * @throws ProfileConflictError when a newer one is there, which then stays
 */
export async function deleteProfile(
  client: VaultClient,
  kvMount: string,
  name: string,
  version: number,
): Promise<void> {
  // KV deletes the newest version without check-and-set, but one that is named only ever alone.
  await client.write(
    profileVersionsPath(kvMount, name, 'delete'),
    { versions: [version] },
    { idempotent: true },
  )
  const now = await readStoredProfile(client, kvMount, name)
  if (now.version === version) return
  await restoreProfile(client, kvMount, name, version)
  throw new ProfileConflictError(name)
}

/** Brings a deleted version of a profile back; does nothing to one that was not deleted. */
export async function restoreProfile(
  client: VaultClient,
  kvMount: string,
  name: string,
  version: number,
): Promise<void> {
  const path = profileVersionsPath(kvMount, name, 'undelete')
  await client.write(path, { versions: [version] }, { idempotent: true })
}
