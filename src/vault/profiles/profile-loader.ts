import { type ErrorCode, PadlockError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { neededVersions } from '../keys/published-keys.ts'
import type { SigningProbe } from '../signing/signing-probe.ts'
import { type LoadedProfile, prepareProfile } from './loaded-profile.ts'
import { profileChanges } from './profile-changes.ts'
import { checkedSettings } from './profile-settings.ts'
import type { StoredProfile } from './profile-store.ts'
import type { RefreshReads } from './refresh-reads.ts'

/** What is known of one profile. */
export interface ProfileEntry {
  /** the newest settings that were read, in use or not */
  stored: StoredProfile | undefined
  /** what `loaded` was made of: the same again would make the same */
  source: string | undefined
  /** undefined while there never was a usable state */
  loaded: LoadedProfile | undefined
  /** what is wrong with the newest settings */
  error: PadlockError | undefined
}

/** What profiles are loaded with. */
export interface ProfileLoaderDeps {
  log: Log
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
    let stored = before?.stored
    try {
      const newest = await reads.profiles.readState(name)
      if (newest === undefined) {
        return undefined
      }
      if (stored?.version !== newest.version || stored.createdAt !== newest.createdAt) {
        stored = await reads.profiles.read(name)
      }
      // Deleted between the two reads.
      if (stored.value === undefined) {
        return undefined
      }
      return await this.#prepare(name, before, stored, reads)
    } catch (cause) {
      const error = padlockError(cause)
      if (transient.has(error.code) && before !== undefined) {
        return before
      }
      return this.#keep(name, before, stored, error)
    }
  }

  async #prepare(
    name: string,
    before: ProfileEntry | undefined,
    stored: StoredProfile,
    reads: RefreshReads,
  ): Promise<ProfileEntry> {
    const settings = checkedSettings(stored.value)
    const key = await reads.key(settings.signingKey)
    const versions = key === undefined ? [] : [...neededVersions(settings, key)]
    const source = JSON.stringify([stored.version, stored.createdAt, key, versions])
    if (before?.loaded !== undefined && before.source === source) {
      return { ...before, stored, error: undefined }
    }
    const { refreshSeconds, log } = this.#deps
    const loaded = await prepareProfile(name, settings, key, refreshSeconds, before?.loaded, Date.now())
    const { pinnedKey, signingKey } = loaded.profile
    if (before?.loaded?.profile.pinnedKey.thumbprint !== pinnedKey.thumbprint) {
      const failure = before?.loaded === undefined ? undefined : await this.#probeFailure(loaded)
      if (failure !== undefined) {
        return this.#keep(name, before, stored, failure)
      }
      const { version: keyVersion, thumbprint } = pinnedKey
      log.info({ profile: name, key: signingKey, keyVersion, thumbprint }, 'profile ready to sign')
    }
    const changes = before?.loaded && profileChanges(before.loaded, loaded)
    if (changes !== undefined) {
      log.info({ profile: name, kvVersion: stored.version, ...changes }, 'profile changed')
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
    stored: StoredProfile | undefined,
    error: PadlockError,
  ): ProfileEntry {
    if (before?.error?.message !== error.message) {
      const consequence = before?.loaded ? 'its last good settings stay in use' : 'it cannot sign'
      this.#deps.log.error({ profile: name, code: error.code }, `profile: ${error.message} (${consequence})`)
    }
    return { stored, source: before?.source, loaded: before?.loaded, error }
  }
}
