import type { VaultClient } from './client.ts'
import { VaultError } from './client.ts'

const intervalMs = 1_000
const timeoutMs = 1_000

/** Asks Vault how it is, once a second, so that readiness costs no call of its own (Vault API, `sys/health`). */
export class VaultHealth {
  readonly #client: VaultClient
  #state: 'unknown' | 'ok' | 'sealed' | 'uninitialized' | 'unreachable' = 'unknown'
  #timer: NodeJS.Timeout | undefined

  constructor(client: VaultClient) {
    this.#client = client
  }

  status(): 'ok' | 'unavailable' {
    return this.#state === 'ok' ? 'ok' : 'unavailable'
  }

  details(): { state: string } {
    return { state: this.#state }
  }

  async check(): Promise<void> {
    try {
      // node-vault resolves this one whatever its status is.
      const answer = (await this.#client.read('sys/health', { timeoutMs })) as
        | { initialized?: unknown; sealed?: unknown }
        | undefined
      if (typeof answer?.sealed !== 'boolean') this.#state = 'unreachable'
      else this.#state = answer.initialized !== true ? 'uninitialized' : answer.sealed ? 'sealed' : 'ok'
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      this.#state = error.code === 'vault_sealed' ? 'sealed' : 'unreachable'
    }
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
