import type { FastifyBaseLogger } from 'fastify'
import type { PadlockError } from '../errors.ts'
import type { Login, VaultToken } from './login.ts'

export const weekInSeconds = 7 * 86_400
const checkMs = 3_600_000

/** What runs out soon and must be replaced by somebody. */
export type LifeWarning = 'token_ends_soon' | 'secret_id_ends_soon'

/**
 * Knows how long the token and the secret_id still live, and warns in the log every hour, from a week before the
 * end of what no login replaces.
 */
export class CredentialLife {
  readonly #login: Login
  readonly #log: FastifyBaseLogger
  #token: VaultToken | undefined
  #tokenEnd: number | undefined
  /** when the token ends however often it is renewed, as far as is known */
  #lastEnd: number | undefined
  #secretIdEnd: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(login: Login, log: FastifyBaseLogger) {
    this.#login = login
    this.#log = log
  }

  /** Seconds until the token ends without renewal: Infinity for never, undefined while there is none. */
  get tokenTtlSeconds(): number | undefined {
    return this.#token === undefined ? undefined : secondsTo(this.#tokenEnd)
  }

  /** Seconds until the secret_id ends: Infinity for never, undefined for another login or while it is not known. */
  get secretIdTtlSeconds(): number | undefined {
    return secondsTo(this.#secretIdEnd)
  }

  get warnings(): LifeWarning[] {
    const warnings: LifeWarning[] = []
    const token = this.#token
    const below = token === undefined ? 0 : (this.#login.warnBelowSeconds?.(token) ?? 0)
    if ((secondsTo(this.#lastEnd) ?? Infinity) < below) warnings.push('token_ends_soon')
    if ((this.secretIdTtlSeconds ?? Infinity) < weekInSeconds) warnings.push('secret_id_ends_soon')
    return warnings
  }

  /** A login gave this token. */
  began(token: VaultToken): void {
    const { ttlSeconds, longestTtlSeconds, renewable } = token
    // The same token once more: what its renewals told of its end still holds.
    const known = this.#token !== undefined && this.#token.token === token.token ? this.#lastEnd : undefined
    this.#token = token
    this.#tokenEnd = timeIn(ttlSeconds === 0 ? Infinity : ttlSeconds)
    this.#lastEnd =
      known ?? timeIn(longestTtlSeconds ?? (renewable || ttlSeconds === 0 ? Infinity : ttlSeconds))
    void this.#check()
  }

  /** It was renewed. */
  renewed(ttlSeconds: number): void {
    this.#tokenEnd = timeIn(ttlSeconds)
    if (this.#token?.longestTtlSeconds === undefined) this.#lastEnd = Infinity
  }

  /** No renewal lengthens it any more; `ttlSeconds` where Vault told how long it still lives. */
  ending(ttlSeconds: number | undefined): void {
    if (ttlSeconds !== undefined) this.#tokenEnd = timeIn(ttlSeconds)
    this.#lastEnd = this.#tokenEnd
  }

  /** There is no token any more. */
  ended(): void {
    this.#token = undefined
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  async #check(): Promise<void> {
    this.stop()
    const timer = setTimeout(() => void this.#check(), checkMs).unref()
    this.#timer = timer
    await this.#askSecretId()
    if (timer !== this.#timer) return
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
        'the secret_id ends within a week or does not work any more: deliver a new one',
      )
    }
  }

  async #askSecretId(): Promise<void> {
    const token = this.#token
    if (token === undefined || this.#login.secretIdTtl === undefined) return
    try {
      this.#secretIdEnd = timeIn(await this.#login.secretIdTtl(token))
      const left = this.secretIdTtlSeconds
      this.#log.info({ secretIdTtlSeconds: left === Infinity ? 'unlimited' : left }, 'life of the secret_id')
    } catch (error) {
      this.#log.warn({ code: (error as PadlockError).code }, 'cannot tell how long the secret_id still lives')
    }
  }
}

const timeIn = (seconds: number): number => Date.now() + seconds * 1000

function secondsTo(time: number | undefined): number | undefined {
  return time === undefined ? undefined : Math.max(0, Math.round((time - Date.now()) / 1000))
}
