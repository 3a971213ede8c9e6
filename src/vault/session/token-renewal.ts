import type { PadlockError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { backoffMs } from '../../timing/backoff.ts'
import type { VaultClient } from '../client/client.ts'
import type { VaultError } from '../client/vault-error.ts'
import type { VaultToken } from '../login/login.ts'
import { isRefusal } from '../login/login-answer.ts'

/** Share of a token's life after which it is renewed. */
const renewAfter = 2 / 3
const firstPauseMs = 250
const longestPauseMs = 5_000
/** Where no login gives a longer life, its last seconds are not spent on asking without end. */
const leastDelayMs = 1_000
/** A renewal may give this much less: Vault rounds to seconds. */
const rounding = (fullSeconds: number) => Math.min(1, fullSeconds / 10)
/** Node's timers count to 2^31 - 1 milliseconds. */
const longestDelayMs = 2_147_483_647

/** What comes of a renewal. */
export interface TokenRenewalEvents {
  renewed(ttlSeconds: number): void
  /** seconds from now after which it ends however often it is renewed (undefined: not known) */
  ending(ttlSeconds: number | undefined): void
}

/** Renews one token when about two thirds of its life are gone, until Vault gives it less than before. */
export class TokenRenewal {
  readonly #client: VaultClient
  readonly #log: Log
  readonly #events: TokenRenewalEvents
  #timer: NodeJS.Timeout | undefined
  #failures = 0

  constructor(client: VaultClient, log: Log, events: TokenRenewalEvents) {
    this.#client = client
    this.#log = log
    this.#events = events
  }

  /** Looks after this token from now on, and no longer after the one before. */
  watch(token: VaultToken): void {
    this.stop()
    this.#failures = 0
    if (token.ttlSeconds > 0) {
      this.#schedule(token, token.ttlSeconds)
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #schedule(token: VaultToken, ttlSeconds: number): void {
    // Up to a tenth earlier by chance, so that many instances do not come at the same moment.
    const delayMs = ttlSeconds * 1000 * renewAfter * (0.9 + Math.random() / 10)
    this.#later(token, Math.max(leastDelayMs, delayMs))
  }

  #later(token: VaultToken, delayMs: number): void {
    const timer = setTimeout(() => this.#renew(token, timer), Math.min(delayMs, longestDelayMs)).unref()
    this.#timer = timer
  }

  async #renew(token: VaultToken, timer: NodeJS.Timeout): Promise<void> {
    if (!token.renewable) {
      return this.#events.ending(undefined)
    }
    let ttlSeconds: unknown
    try {
      const answer = await this.#client.write('auth/token/renew-self', {}, { token: token.token })
      ttlSeconds = (answer as { auth?: { lease_duration?: unknown } } | undefined)?.auth?.lease_duration
    } catch (error) {
      if (timer !== this.#timer) {
        return
      }
      // Past its max TTL Vault answers 500 to a renewal.
      if (isRefusal(error) || (error as VaultError).vaultStatus === 500) {
        return this.#events.ending(undefined)
      }
      this.#failures += 1
      const pauseMs = Math.round(backoffMs(this.#failures, firstPauseMs, longestPauseMs))
      const { code } = error as PadlockError
      this.#log.warn({ code, pauseMs }, 'the Vault token could not be renewed, will try again')
      return this.#later(token, pauseMs)
    }
    // Another token has come meanwhile.
    if (timer !== this.#timer) {
      return
    }
    this.#failures = 0
    const full = token.fullTtlSeconds ?? token.ttlSeconds
    if (typeof ttlSeconds !== 'number' || ttlSeconds < full - rounding(full)) {
      return this.#events.ending(typeof ttlSeconds === 'number' ? ttlSeconds : undefined)
    }
    this.#events.renewed(ttlSeconds)
    this.#schedule(token, ttlSeconds)
  }
}
