import type { PadlockError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { Repeat } from '../../timing/repeat.ts'
import { type Login, type VaultToken, weekInSeconds } from '../login/login.ts'

const checkMs = 3_600_000

/** What runs out soon and must be replaced by somebody. */
export type ExpiryWarning = 'token_ends_soon' | 'secret_id_ends_soon'

/**
 * Knows how long the token and the secret_id still live, and warns in the log every hour, from a week before the
 * end of what no login replaces.
 */
export class CredentialExpiry {
  readonly #login: Login
  readonly #log: Log
  readonly #repeat = new Repeat(() => this.#check(), checkMs)
  #token: VaultToken | undefined
  #tokenEnd: number | undefined
  /** when the token ends however often it is renewed, as far as is known */
  #lastEnd: number | undefined
  #secretIdEnd: number | undefined

  constructor(login: Login, log: Log) {
    this.#login = login
    this.#log = log
  }

  /**
   * Seconds until the token ends without renewal: Infinity for never, undefined while there is none, or once Vault has
   * served a call after the end that was known.
   */
  get tokenTtlSeconds(): number | undefined {
    return this.#token === undefined ? undefined : secondsTo(this.#tokenEnd)
  }

  /** Seconds until the secret_id ends: Infinity for never, undefined for another login or while it is not known. */
  get secretIdTtlSeconds(): number | undefined {
    return secondsTo(this.#secretIdEnd)
  }

  get warnings(): ExpiryWarning[] {
    const warnings: ExpiryWarning[] = []
    const token = this.#token
    const below = token === undefined ? 0 : (this.#login.warnBelowSeconds?.(token) ?? 0)
    if ((secondsTo(this.#lastEnd) ?? Infinity) < below) {
      warnings.push('token_ends_soon')
    }
    if ((this.secretIdTtlSeconds ?? Infinity) < weekInSeconds) {
      warnings.push('secret_id_ends_soon')
    }
    return warnings
  }

  /** A login gave this token. */
  began(token: VaultToken): void {
    const { ttlSeconds, longestTtlSeconds, renewable } = token
    // The same token once more: what its renewals said of its end still holds.
    const known = this.#token !== undefined && this.#token.token === token.token ? this.#lastEnd : undefined
    this.#token = token
    this.#tokenEnd = timeIn(ttlSeconds === 0 ? Infinity : ttlSeconds)
    this.#lastEnd =
      known ?? timeIn(longestTtlSeconds ?? (renewable || ttlSeconds === 0 ? Infinity : ttlSeconds))
    void this.#repeat.start()
  }

  /** It was renewed. */
  renewed(ttlSeconds: number): void {
    this.#tokenEnd = timeIn(ttlSeconds)
    if (this.#token?.longestTtlSeconds === undefined) {
      this.#lastEnd = Infinity
    }
  }

  /** No renewal lengthens it any more; `ttlSeconds` where Vault said how long it still lives. */
  ending(ttlSeconds: number | undefined): void {
    if (ttlSeconds !== undefined) {
      this.#tokenEnd = timeIn(ttlSeconds)
    }
    this.#lastEnd = this.#tokenEnd
  }

  /** Vault has served a call with this token: it lives, whatever is known of its end. */
  served(token: VaultToken): void {
    if (token === this.#token && secondsTo(this.#tokenEnd) === 0) {
      this.#tokenEnd = undefined
    }
  }

  /** Vault has denied a call, and does not say whether the token lives: that calls were served proves nothing any more. */
  denied(): void {
    this.#tokenEnd ??= performance.now()
  }

  /** There is no token any more. */
  ended(): void {
    this.#token = undefined
  }

  stop(): void {
    this.#repeat.stop()
  }

  async #check(): Promise<void> {
    const token = this.#token
    await this.#askSecretId()
    // Another login has begun a check of its own.
    if (token !== this.#token) {
      return
    }
    const { tokenTtlSeconds, secretIdTtlSeconds, warnings } = this
    if (warnings.includes('token_ends_soon')) {
      this.#log.warn(
        { tokenTtlSeconds },
        'the Vault token ends within a week and no login replaces it: give a new one',
      )
    }
    if (warnings.includes('secret_id_ends_soon')) {
      this.#log.warn(
        { secretIdTtlSeconds },
        secretIdTtlSeconds === 0
          ? 'Vault does not accept the secret_id for another login: deliver a new one'
          : 'the secret_id ends within a week: deliver a new one',
      )
    }
  }

  async #askSecretId(): Promise<void> {
    const token = this.#token
    if (token === undefined || this.#login.secretIdTtl === undefined) {
      return
    }
    try {
      this.#secretIdEnd = timeIn(await this.#login.secretIdTtl(token))
      const left = this.secretIdTtlSeconds
      this.#log.info({ secretIdTtlSeconds: left === Infinity ? 'unlimited' : left }, 'life of the secret_id')
    } catch (error) {
      this.#log.warn({ code: (error as PadlockError).code }, 'cannot tell how long the secret_id still lives')
    }
  }
}

// Vault returns durations: they are counted by a clock that nobody sets (milliseconds of performance.now()).
const timeIn = (seconds: number): number => performance.now() + seconds * 1000

function secondsTo(time: number | undefined): number | undefined {
  return time === undefined ? undefined : Math.max(0, Math.round((time - performance.now()) / 1000))
}
