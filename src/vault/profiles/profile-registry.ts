import pMap from 'p-map'
import { type ErrorCode, PadlockError } from '../../errors.ts'
import { Repeat } from '../../timing/repeat.ts'
import { VaultError } from '../client/vault-error.ts'
import type { LoadedProfile } from './loaded-profile.ts'
import { type ProfileEntry, ProfileLoader, type ProfileLoaderDeps } from './profile-loader.ts'
import { RefreshReads, type RefreshSource } from './refresh-reads.ts'
import { isDoubt, SignatureDoubts } from './signature-doubts.ts'

/** Profiles that are looked at at once: a refresh of many must not keep Vault from signing. */
const readsAtOnce = 8
/** Each profile costs a read at each refresh, and memory. */
const mostProfiles = 10_000
/** Milliseconds between two refreshes that signatures which do not verify cause. */
const doubtPauseMs = 5_000

/** What readiness says of one profile. */
export interface ProfileStatus {
  name: string
  /** `ready`: the newest settings are in use; `stale`: the last good ones are; `unusable`: there are none */
  state: 'ready' | 'stale' | 'unusable'
  /** whether tokens can be made: its settings are usable, and Vault signs with its key, and so that it verifies */
  signs: boolean
  /** version of the signing key in use */
  keyVersion: number | undefined
  /** fingerprint of the key that tokens are encrypted to */
  recipientKey: string | undefined
  /** KV version of the newest settings that were seen, in use or not */
  kvVersion: number | undefined
  /** code of what is wrong with the newest settings */
  error: ErrorCode | undefined
}

/** What the registry is made of. */
export type ProfileRegistryDeps = ProfileLoaderDeps & RefreshSource

/** What one refresh cost. */
export interface RefreshCost {
  profiles: number
  /** to Vault, probes apart */
  calls: number
  durationMs: number
}

/** The profiles in use: read at start and at every refresh, each swapped in one step, the last good one kept. */
export class ProfileRegistry {
  readonly #deps: ProfileRegistryDeps
  readonly #loader: ProfileLoader
  #entries: ReadonlyMap<string, ProfileEntry> = new Map()
  readonly #doubts: SignatureDoubts
  readonly #repeat: Repeat
  #read = false
  /** whether the last of the repeated refreshes failed */
  #failing = false
  #refreshing: Promise<RefreshCost> | undefined
  /** milliseconds of performance.now() from which on a signature may cause a refresh */
  #nextDoubtAt = 0

  constructor(deps: ProfileRegistryDeps) {
    this.#deps = deps
    this.#loader = new ProfileLoader(deps)
    this.#repeat = new Repeat(() => this.#refreshAgain(), deps.refreshSeconds * 1000)
    this.#doubts = new SignatureDoubts(deps.probe, deps.log)
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
    if (entry === undefined && !this.#read) {
      throw new PadlockError('vault_unavailable')
    }
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
    if (loaded === undefined) {
      throw new PadlockError('profile_not_found')
    }
    return loaded
  }

  status(): ProfileStatus[] {
    return Array.from(this.#entries, ([name, { loaded, stored, error }]) => {
      const broken = this.#doubts.brokenBy(name, loaded)
      return {
        name,
        state: loaded === undefined ? 'unusable' : error === undefined ? 'ready' : 'stale',
        signs: loaded !== undefined && broken === undefined,
        keyVersion: loaded?.profile.pinnedKey.version,
        recipientKey: loaded?.recipientFingerprint,
        kvVersion: stored?.version,
        error: error?.code ?? broken,
      }
    })
  }

  /**
   * Looks at every profile once: one list, one read of metadata for each profile, and one read of each transit key.
   * What cannot be read now stays as it was. One that is under way is awaited in place of another.
   *
   * @throws VaultError when not even the names can be read; `vault_unavailable` for more than 10,000 of them
   */
  refresh(): Promise<RefreshCost> {
    this.#refreshing ??= this.#refreshOnce().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /**
   * A signature of Vault's for this profile did not verify: its key may have been created again. All is read again, at once
   * but not again and again, and a probe finds out whether the profile can sign.
   */
  signatureFailed(name: string): void {
    this.#doubts.doubt(name)
    if (performance.now() < this.#nextDoubtAt) {
      return
    }
    this.#nextDoubtAt = performance.now() + doubtPauseMs
    this.refresh().catch(() => {})
  }

  async #refreshOnce(): Promise<RefreshCost> {
    const start = performance.now()
    const reads = new RefreshReads(this.#deps)
    const names = await reads.profiles.list()
    if (names.length > mostProfiles) {
      throw new VaultError('vault_unavailable', `Vault lists more than ${mostProfiles} profiles.`)
    }
    const loaded = await pMap(names, (name) => this.#loader.load(name, this.#entries.get(name), reads), {
      concurrency: readsAtOnce,
    })
    const entries = new Map<string, ProfileEntry>()
    loaded.forEach((entry, index) => {
      if (entry !== undefined) {
        entries.set(names[index] as string, entry)
      }
    })
    this.#entries = entries
    this.#read = true
    for (const [name, { error }] of entries) {
      if (isDoubt(error?.code)) {
        this.#doubts.doubt(name)
      }
    }
    await this.#doubts.settle((name) => entries.get(name)?.loaded)
    const durationMs = Math.round(performance.now() - start)
    const cost = { profiles: entries.size, calls: reads.calls, durationMs }
    this.#deps.log.debug(cost, 'profiles refreshed')
    return cost
  }

  /** Refreshes again and again, for the first time after `refreshSeconds`. */
  start(): void {
    this.#repeat.startLater()
  }

  stop(): void {
    this.#repeat.stop()
  }

  async #refreshAgain(): Promise<void> {
    try {
      await this.refresh()
      if (this.#failing) {
        this.#deps.log.info('the profiles can be read again')
      }
      this.#failing = false
    } catch (error) {
      const { code } = error as PadlockError
      this.#failing = true
      this.#deps.log.warn({ code }, 'the profiles could not be read; the last good ones stay in use')
    }
  }
}
