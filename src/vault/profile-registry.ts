import type { FastifyBaseLogger } from 'fastify'
import { type ErrorCode, PadlockError } from '../errors.ts'
import type { VaultClient } from './client.ts'
import { type LoadedProfile, listProfiles, loadProfile, type ProfileMounts } from './profiles.ts'
import type { VaultSession } from './session.ts'

const readTimeoutMs = 5_000

/** What readiness says of one profile. */
export interface ProfileStatus {
  name: string
  /** `ready`: the newest settings are in use; `stale`: the last good ones are; `unusable`: there are none */
  state: 'ready' | 'stale' | 'unusable'
  keyVersion: number | undefined
  /** code of what is wrong with the newest settings */
  error: ErrorCode | undefined
}

interface Entry {
  loaded: LoadedProfile | undefined
  error: PadlockError | undefined
}

/** Codes that say nothing of the profile itself, only that Vault could not be asked. */
const transient: ReadonlySet<ErrorCode> = new Set([
  'vault_unavailable',
  'vault_sealed',
  'vault_denied',
  'vault_throttled',
  'vault_timeout',
])

/** The profiles in use: read at start and at every refresh, each swapped in one step, the last good one kept. */
export class ProfileRegistry {
  readonly #client: VaultClient
  readonly #session: VaultSession
  readonly #mounts: ProfileMounts
  readonly #log: FastifyBaseLogger
  #entries: ReadonlyMap<string, Entry> = new Map()
  #timer: NodeJS.Timeout | undefined
  #read = false

  constructor(client: VaultClient, session: VaultSession, mounts: ProfileMounts, log: FastifyBaseLogger) {
    this.#client = client
    this.#session = session
    this.#mounts = mounts
    this.#log = log
  }

  /** The profile to sign for; undefined when there is none, or when it cannot be used. */
  usable(name: string): LoadedProfile | undefined {
    return this.#entries.get(name)?.loaded
  }

  /**
   * The profile to sign for; undefined when there is none of that name.
   *
   * @throws PadlockError with the code of what keeps it from signing
   */
  find(name: string): LoadedProfile | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined && !this.#read) throw new PadlockError('vault_unavailable')
    if (entry !== undefined && entry.loaded === undefined) {
      throw new PadlockError(entry.error?.code ?? 'internal_error')
    }
    return entry?.loaded
  }

  /**
   * The profile to sign for.
   *
   * @throws PadlockError `profile_not_found`, or the code of what keeps it from signing
   */
  get(name: string): LoadedProfile {
    const loaded = this.find(name)
    if (loaded === undefined) throw new PadlockError('profile_not_found')
    return loaded
  }

  status(): ProfileStatus[] {
    return Array.from(this.#entries, ([name, { loaded, error }]) => ({
      name,
      state: loaded === undefined ? 'unusable' : error === undefined ? 'ready' : 'stale',
      keyVersion: loaded?.profile.pinnedKey.version,
      error: error?.code,
    }))
  }

  /**
   * Reads every profile once. What cannot be read now stays as it was.
   *
   * @throws VaultError when not even the names can be read
   */
  async refresh(): Promise<void> {
    const names = await this.#session.use((token) =>
      listProfiles(this.#client, this.#mounts.kv, { token, timeoutMs: readTimeoutMs }),
    )
    const entries = await Promise.all(names.map(async (name) => [name, await this.#load(name)] as const))
    this.#entries = new Map(
      entries.filter((entry): entry is readonly [string, Entry] => entry[1] !== undefined),
    )
    this.#read = true
  }

  /** Refreshes again and again, `intervalSeconds` after each refresh has ended. */
  start(intervalSeconds: number): void {
    this.#timer = setTimeout(async () => {
      try {
        await this.refresh()
      } catch (error) {
        const { code } = error as PadlockError
        this.#log.warn({ code }, 'the profiles could not be read; the last good ones stay in use')
      }
      if (this.#timer !== undefined) this.start(intervalSeconds)
    }, intervalSeconds * 1000)
    this.#timer.unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  async #load(name: string): Promise<Entry | undefined> {
    const before = this.#entries.get(name)
    try {
      const loaded = await this.#session.use((token) =>
        loadProfile(this.#client, this.#mounts, name, Date.now(), { token, timeoutMs: readTimeoutMs }),
      )
      this.#report(name, before?.loaded, loaded)
      return { loaded, error: undefined }
    } catch (cause) {
      const error = cause instanceof PadlockError ? cause : new PadlockError('internal_error', { cause })
      // Deleted between the list and the read.
      if (error.code === 'profile_not_found') return undefined
      if (transient.has(error.code) && before !== undefined) return before
      if (before?.error?.message !== error.message) {
        const consequence = before?.loaded ? 'its last good settings stay in use' : 'it cannot sign'
        this.#log.error({ profile: name, code: error.code }, `profile: ${error.message} (${consequence})`)
      }
      return { loaded: before?.loaded, error }
    }
  }

  #report(name: string, before: LoadedProfile | undefined, { profile }: LoadedProfile): void {
    const keyVersion = profile.pinnedKey.version
    if (before?.profile.pinnedKey.thumbprint === profile.pinnedKey.thumbprint) return
    const { thumbprint } = profile.pinnedKey
    this.#log.info(
      { profile: name, key: profile.signingKey, keyVersion, thumbprint },
      'profile ready to sign',
    )
  }
}
