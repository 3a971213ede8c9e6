import { type ErrorCode, PadlockError } from '../errors.ts'
import { inTurns } from './in-turns.ts'
import { type ProfileEntry, ProfileLoader, type ProfileLoaderDeps } from './profile-loader.ts'
import { type LoadedProfile, listProfiles } from './profiles.ts'
import { RefreshReads } from './refresh-reads.ts'

/** Profiles that are looked at at once: a refresh of many must not keep Vault from signing. */
const readsAtOnce = 8

/** What readiness says of one profile. */
export interface ProfileStatus {
  name: string
  /** `ready`: the newest settings are in use; `stale`: the last good ones are; `unusable`: there are none */
  state: 'ready' | 'stale' | 'unusable'
  /** version of the signing key in use */
  keyVersion: number | undefined
  /** KV version of the newest settings that were seen, in use or not */
  kvVersion: number | undefined
  /** code of what is wrong with the newest settings */
  error: ErrorCode | undefined
}

/** What one refresh cost. */
export interface RefreshCost {
  profiles: number
  /** to Vault, probes apart */
  calls: number
  durationMs: number
}

/** The profiles in use: read at start and at every refresh, each swapped in one step, the last good one kept. */
export class ProfileRegistry {
  readonly #deps: ProfileLoaderDeps
  readonly #loader: ProfileLoader
  #entries: ReadonlyMap<string, ProfileEntry> = new Map()
  #timer: NodeJS.Timeout | undefined
  #read = false

  constructor(deps: ProfileLoaderDeps) {
    this.#deps = deps
    this.#loader = new ProfileLoader(deps)
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
    return Array.from(this.#entries, ([name, { loaded, stored, error }]) => ({
      name,
      state: loaded === undefined ? 'unusable' : error === undefined ? 'ready' : 'stale',
      keyVersion: loaded?.profile.pinnedKey.version,
      kvVersion: stored?.kvVersion,
      error: error?.code,
    }))
  }

  /**
   * Looks at every profile once: one list, one read of metadata for each profile, and one read of each transit key.
   * What cannot be read now stays as it was.
   *
   * @throws VaultError when not even the names can be read
   */
  async refresh(): Promise<RefreshCost> {
    const { client, session, mounts, log } = this.#deps
    const start = performance.now()
    const reads = new RefreshReads(client, session, mounts.transit)
    const names = await reads.use((client, options) => listProfiles(client, mounts.kv, options))
    const loaded = await inTurns(names, readsAtOnce, (name) =>
      this.#loader.load(name, this.#entries.get(name), reads),
    )
    const entries = new Map<string, ProfileEntry>()
    loaded.forEach((entry, index) => {
      if (entry !== undefined) entries.set(names[index] as string, entry)
    })
    this.#entries = entries
    this.#read = true
    const durationMs = Math.round(performance.now() - start)
    const cost = { profiles: entries.size, calls: reads.calls, durationMs }
    log.debug(cost, 'profiles refreshed')
    return cost
  }

  /** Refreshes again and again, `refreshSeconds` after each refresh has ended. */
  start(): void {
    this.#timer = setTimeout(async () => {
      try {
        await this.refresh()
      } catch (error) {
        const { code } = error as PadlockError
        this.#deps.log.warn({ code }, 'the profiles could not be read; the last good ones stay in use')
      }
      if (this.#timer !== undefined) this.start()
    }, this.#deps.refreshSeconds * 1000)
    this.#timer.unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
