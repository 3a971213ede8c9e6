import { type Static, Type } from 'typebox'
import type { ProfileSettings } from '../../token/profile.ts'
import { AnswerTime } from '../client/answer-time.ts'
import { answerData } from '../client/checked-answer.ts'
import type { VaultClient } from '../client/client.ts'
import { ifStored } from '../client/not-found.ts'
import { VaultError } from '../client/vault-error.ts'
import { isProfileName, settingsFaults } from './profile-settings.ts'

/** Which state of a profile it is. The number alone starts again where the history was erased. */
export interface ProfileState {
  /** KV version, which a change must name; 0 where there never was one, the deleted one's after a deletion */
  version: number
  /** RFC 3339; undefined where there is none */
  createdAt: string | undefined
}

/** A profile as it stands in KV, good or not; `value` is undefined when there is none, or when it is deleted. */
export interface StoredProfile extends ProfileState {
  value: unknown
}

/** One version of a profile, as KV keeps it (10 of them, unless the store is configured otherwise). */
export interface ProfileVersion {
  version: number
  /** RFC 3339, UTC, to the millisecond */
  createdAt: string
  /** likewise; undefined for a version that was not deleted */
  deletedAt: string | undefined
  /** true when its contents are gone for good */
  destroyed: boolean
}

/** Somebody else changed the profile between the read and the write; nothing was written. */
export class ProfileConflictError extends Error {
  constructor(name: string) {
    super(`Someone else has changed the profile ${name} in the meantime; nothing was written. Look again.`)
    this.name = 'ProfileConflictError'
  }
}

const NamesSchema = Type.Object({ keys: Type.Array(Type.String()) })
const DataSchema = Type.Object({
  data: Type.Unknown(),
  metadata: Type.Object({ version: Type.Integer({ minimum: 1 }), created_time: Type.String() }),
})
const MetadataSchema = Type.Object({
  current_version: Type.Integer({ minimum: 0 }),
  versions: Type.Record(
    Type.String({ pattern: '^[1-9][0-9]*$' }),
    Type.Object({ created_time: Type.String(), deletion_time: Type.String(), destroyed: Type.Boolean() }),
  ),
})

/** A time of Vault's, to the millisecond instead of the nanosecond. */
const rfc3339 = (time: string) => new Date(time).toISOString()

/**
 * The profiles in a KV store of version 2, below `padlock/profiles`. All calls throw VaultError as the client does;
 * where the store itself is not there, that is no profile that is missing.
 */
export class ProfileStore {
  /** path of the KV store, without slashes at its ends */
  readonly mount: string
  readonly #client: VaultClient

  /** @param client with a token */
  constructor(client: VaultClient, mount: string) {
    this.#client = client
    this.mount = mount
  }

  /** The names of all profiles, deleted ones that have a history included. */
  async list(): Promise<string[]> {
    const body = await ifStored(this.#client.list(this.#path('metadata')))
    if (body === undefined) {
      return []
    }
    return answerData(NamesSchema, 'the profiles', body).keys.filter((key) => isProfileName(key))
  }

  /** A profile with the version that a change must name. */
  async read(name: string): Promise<StoredProfile> {
    const body = await ifStored(this.#client.read(this.#path('data', name)))
    if (body !== undefined) {
      const { data, metadata } = answerData(DataSchema, 'a profile', body)
      return { version: metadata.version, createdAt: metadata.created_time, value: data }
    }
    const history = await this.#metadata(name)
    return { version: history?.current_version ?? 0, createdAt: undefined, value: undefined }
  }

  /** The state of a profile by its metadata alone; undefined when there is none, or when it is deleted. */
  async readState(name: string): Promise<ProfileState | undefined> {
    const time = new AnswerTime()
    const history = await this.#metadata(name, time.onDate)
    const newest = history?.versions[history.current_version]
    if (history === undefined || newest === undefined || newest.destroyed) {
      return undefined
    }
    const deleted = newest.deletion_time !== '' && !(Date.parse(newest.deletion_time) > time.now)
    return deleted ? undefined : { version: history.current_version, createdAt: newest.created_time }
  }

  /** All versions of a profile that KV still knows, the oldest first; empty when there never was one. */
  async versions(name: string): Promise<ProfileVersion[]> {
    const { versions = {} } = (await this.#metadata(name)) ?? {}
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
  async readVersion(name: string, version: number): Promise<unknown> {
    const body = await ifStored(this.#client.read(this.#path('data', name), { query: { version } }))
    return body === undefined ? undefined : answerData(DataSchema, 'a version of a profile', body).data
  }

  /**
   * Writes a profile if nobody has changed it since it was read (check-and-set).
   *
   * @param version the version that was read; 0 for a profile that never was
   * @returns the version written
   * @throws TypeError for settings that are not valid; ProfileConflictError
   */
  async write(name: string, settings: ProfileSettings, version: number): Promise<number> {
    const faults = isProfileName(name) ? settingsFaults(settings) : ['the name is not a profile name']
    if (faults.length > 0) {
      throw new TypeError(`The profile is not valid: ${faults.join('; ')}.`)
    }
    try {
      const body = { options: { cas: version }, data: settings }
      const written = await this.#client.write(this.#path('data', name), body)
      return answerData(Type.Object({ version: Type.Integer() }), 'a written profile', written).version
    } catch (error) {
      const conflict =
        error instanceof VaultError &&
        error.vaultStatus === 400 &&
        error.vaultMessages.some((message) => message.includes('check-and-set'))
      throw conflict ? new ProfileConflictError(name) : error
    }
  }

  /**
   * Deletes a profile if nobody has changed it since it was read; its versions can be brought back.
   *
   * @param version the version that was read
   * @throws ProfileConflictError when a newer one is there, which then stays
   */
  async delete(name: string, version: number): Promise<void> {
    // KV deletes the newest version without check-and-set, but one that is named only ever alone.
    await this.#client.write(this.#path('delete', name), { versions: [version] }, { idempotent: true })
    const now = await this.read(name)
    if (now.version !== version) {
      await this.restore(name, version)
      throw new ProfileConflictError(name)
    }
  }

  /** Brings a deleted version of a profile back; does nothing to one that was not deleted. */
  async restore(name: string, version: number): Promise<void> {
    await this.#client.write(this.#path('undelete', name), { versions: [version] }, { idempotent: true })
  }

  /** What KV returns of a profile's versions (KV v2, "Read secret metadata"); undefined when there never was one. */
  async #metadata(
    name: string,
    onDate?: (date: string) => void,
  ): Promise<Static<typeof MetadataSchema> | undefined> {
    const body = await ifStored(this.#client.read(this.#path('metadata', name), { onDate }))
    return body === undefined ? undefined : answerData(MetadataSchema, "a profile's metadata", body)
  }

  #path(part: 'data' | 'metadata' | 'delete' | 'undelete', name?: string): string {
    const folder = `${this.mount}/${part}/padlock/profiles`
    return name === undefined ? folder : `${folder}/${name}`
  }
}
