import type { VaultClient } from './client.ts'
import { VaultError } from './client.ts'
import type { BreakerState, VaultBreaker } from './vault-breaker.ts'
import type { VaultClock } from './vault-clock.ts'

const intervalMs = 1_000
const timeoutMs = 1_000

/** Asks Vault how it is, once a second, so that readiness costs no call of its own (Vault API, `sys/health`). */
export class VaultHealth {
  readonly #client: VaultClient
  readonly #breaker: VaultBreaker
  readonly #clock: VaultClock
  #state: 'unknown' | 'ok' | 'sealed' | 'uninitialized' | 'unreachable' = 'unknown'
  #timer: NodeJS.Timeout | undefined

  /**
   * @param breaker of the calls to the same Vault; it is told as soon as Vault is well
   * @param clock is shown the time of each answer
   */
  constructor(client: VaultClient, breaker: VaultBreaker, clock: VaultClock) {
    this.#client = client
    this.#breaker = breaker
    this.#clock = clock
  }

  /** Degraded, and still ready, while calls are refused: they are what finds out that Vault serves again. */
  status(): 'ok' | 'degraded' | 'unavailable' {
    if (this.#state !== 'ok') return 'unavailable'
    return this.#breaker.state === 'closed' ? 'ok' : 'degraded'
  }

  details(): { state: string; breaker: BreakerState } {
    return { state: this.#state, breaker: this.#breaker.state }
  }

  async check(): Promise<void> {
    const sentAt = Date.now()
    const onDate = (date: string) => this.#clock.observe(date, sentAt, Date.now())
    try {
      // node-vault resolves this one whatever its status is.
      const answer = (await this.#client.read('sys/health', { timeoutMs, onDate })) as
        | { initialized?: unknown; sealed?: unknown }
        | undefined
      if (typeof answer?.sealed !== 'boolean') this.#state = 'unreachable'
      else this.#state = answer.initialized !== true ? 'uninitialized' : answer.sealed ? 'sealed' : 'ok'
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      this.#state = error.code === 'vault_sealed' ? 'sealed' : 'unreachable'
    }
    if (this.#state === 'ok') this.#breaker.vaultIsWell()
  }

  start(): void {
    const again = async () => {
      await this.check()
      if (this.#timer !== undefined) this.#timer = setTimeout(again, intervalMs).unref()
    }
    this.#timer = setTimeout(again, 0).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
