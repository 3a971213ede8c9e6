import type { FastifyBaseLogger } from 'fastify'
import { type ErrorCode, PadlockError } from '../errors.ts'
import type { VaultClient } from './client.ts'
import { type ProfileData, readProfileData, readProfileVersion } from './profile-reads.ts'
import { checkedSettings } from './profile-settings.ts'
import { type LoadedProfile, type ProfileMounts, prepareProfile } from './profiles.ts'
import type { RefreshReads } from './refresh-reads.ts'
import type { VaultSession } from './session.ts'
import type { SigningProbe } from './signing-probe.ts'

/** What is known of one profile. */
export interface ProfileEntry {
  /** the newest settings that were read, in use or not */
  stored: ProfileData | undefined
  /** what `loaded` was made of: the same again would make the same */
  source: string | undefined
  /** undefined while there never was a usable state */
  loaded: LoadedProfile | undefined
  /** what is wrong with the newest settings */
  error: PadlockError | undefined
}

/** What profiles are loaded with. */
export interface ProfileLoaderDeps {
  client: VaultClient
  session: VaultSession
  mounts: ProfileMounts
  log: FastifyBaseLogger
  /** asked before a profile in use changes to another version of its key, or to another key */
  probe: SigningProbe
  refreshSeconds: number
}

/** Codes that say nothing of the profile itself, only that Vault could not be asked. */
const transient: ReadonlySet<ErrorCode> = new Set([
  'vault_unavailable',
  'vault_sealed',
  'vault_denied',
  'vault_throttled',
  'vault_timeout',
])

const padlockError = (cause: unknown) =>
  cause instanceof PadlockError ? cause : new PadlockError('internal_error', { cause })

/** Brings what is known of a profile up to date; the last good state is kept when the newest is not usable. */
export class ProfileLoader {
  readonly #deps: ProfileLoaderDeps

  constructor(deps: ProfileLoaderDeps) {
    this.#deps = deps
  }

  /**
   * Looks at a profile's KV metadata and at its transit key; reads its settings only where they have changed.
   *
   * @returns undefined when there is no such profile any more
   */
  async load(
    name: string,
    before: ProfileEntry | undefined,
    reads: RefreshReads,
  ): Promise<ProfileEntry | undefined> {
    const { kv } = this.#deps.mounts
    let stored = before?.stored
    try {
      const newest = await reads.use((client, options) => readProfileVersion(client, kv, name, options))
      if (newest === undefined) return undefined
      if (stored?.kvVersion !== newest.kvVersion || stored.createdAt !== newest.createdAt) {
        stored = await reads.use((client, options) => readProfileData(client, kv, name, options))
      }
      // Deleted between the two reads.
      if (stored === undefined) return undefined
      return await this.#prepare(name, before, stored, reads)
    } catch (cause) {
      const error = padlockError(cause)
      if (transient.has(error.code) && before !== undefined) return before
      return this.#keep(name, before, stored, error)
    }
  }

  async #prepare(
    name: string,
    before: ProfileEntry | undefined,
    stored: ProfileData,
    reads: RefreshReads,
  ): Promise<ProfileEntry> {
    const settings = checkedSettings(stored.data)
    const key = await reads.key(settings.signingKey)
    const source = JSON.stringify([stored.kvVersion, stored.createdAt, key, Array.from(key?.versions ?? [])])
    if (before?.loaded !== undefined && before.source === source) {
      return { ...before, stored, error: undefined }
    }
    const { refreshSeconds, log } = this.#deps
    const loaded = await prepareProfile(name, settings, key, refreshSeconds, before?.loaded, Date.now())
    const { pinnedKey, signingKey } = loaded.profile
    if (before?.loaded?.profile.pinnedKey.thumbprint !== pinnedKey.thumbprint) {
      const failure = before?.loaded === undefined ? undefined : await this.#probeFailure(loaded)
      if (failure !== undefined) return this.#keep(name, before, stored, failure)
      const { version: keyVersion, thumbprint } = pinnedKey
      log.info({ profile: name, key: signingKey, keyVersion, thumbprint }, 'profile ready to sign')
    }
    return { stored, source, loaded, error: undefined }
  }

  /** Signs with the new version before anybody depends on it. */
  async #probeFailure({ profile: { pinnedKey } }: LoadedProfile): Promise<PadlockError | undefined> {
    try {
      await this.#deps.probe(pinnedKey)
      return undefined
    } catch (cause) {
      const { code, message } = padlockError(cause)
      const detail = `A probe with version ${pinnedKey.version} of its key failed: ${message}`
      return new PadlockError(code, { detail, cause })
    }
  }

  #keep(
    name: string,
    before: ProfileEntry | undefined,
    stored: ProfileData | undefined,
    error: PadlockError,
  ): ProfileEntry {
    if (before?.error?.message !== error.message) {
      const consequence = before?.loaded ? 'its last good settings stay in use' : 'it cannot sign'
      this.#deps.log.error({ profile: name, code: error.code }, `profile: ${error.message} (${consequence})`)
    }
    return { stored, source: before?.source, loaded: before?.loaded, error }
  }
}
