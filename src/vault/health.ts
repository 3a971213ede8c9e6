import { Repeat } from '../timing/repeat.ts'
import type { VaultClient } from './client/client.ts'
import { VaultError } from './client/vault-error.ts'
import type { VaultClock } from './clock.ts'
import type { BreakerState, VaultBreaker } from './signing/breaker.ts'

const intervalMs = 1_000
const timeoutMs = 1_000

/** Asks Vault how it is, once a second, so that readiness costs no call of its own (Vault API, `sys/health`). */
export class VaultHealth {
  readonly #client: VaultClient
  readonly #breaker: VaultBreaker
  readonly #clock: VaultClock
  readonly #repeat = new Repeat(() => this.check(), intervalMs)
  #state: 'unknown' | 'ok' | 'sealed' | 'uninitialized' | 'unexpected_answer' | 'unreachable' = 'unknown'

  /**
   * @param breaker of the calls to the same Vault; it is notified as soon as Vault is well
   * @param clock is shown the time of each answer
   */
  constructor(client: VaultClient, breaker: VaultBreaker, clock: VaultClock) {
    this.#client = client
    this.#breaker = breaker
    this.#clock = clock
  }

  /** Degraded, and still ready, while calls are refused: they are what finds out that Vault serves again. */
  status(): 'ok' | 'degraded' | 'unavailable' {
    if (this.#state !== 'ok') {
      return 'unavailable'
    }
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
      // Something answers at the address: a balancer, or no Vault at all.
      if (typeof answer?.sealed !== 'boolean') {
        this.#state = 'unexpected_answer'
      } else {
        this.#state = answer.initialized !== true ? 'uninitialized' : answer.sealed ? 'sealed' : 'ok'
      }
    } catch (error) {
      if (!(error instanceof VaultError)) {
        throw error
      }
      const silent = error.vaultStatus === undefined ? 'unreachable' : 'unexpected_answer'
      this.#state = error.code === 'vault_sealed' ? 'sealed' : silent
    }
    if (this.#state === 'ok') {
      this.#breaker.vaultIsWell()
    }
  }

  start(): void {
    void this.#repeat.start()
  }

  stop(): void {
    this.#repeat.stop()
  }
}
