import type { PadlockError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { VaultClient } from '../client/client.ts'
import type { VaultToken } from '../login/login.ts'

/** Milliseconds that calls made with the old token get to end. */
const delayMs = 10_000
const timeoutMs = 1_000

/** Revokes tokens that are not used any more, so that none outlives its use. */
export class TokenRevocation {
  readonly #client: VaultClient
  readonly #log: Log
  readonly #timers = new Map<VaultToken, NodeJS.Timeout>()

  constructor(client: VaultClient, log: Log) {
    this.#client = client
    this.#log = log
  }

  /** Revokes a token that another has replaced, when no call uses it any more. */
  later(token: VaultToken): void {
    const revoke = () => {
      this.#timers.delete(token)
      // It ends by itself at its TTL, and may have done so already.
      this.#revoke(token).catch(() => {})
    }
    this.#timers.set(token, setTimeout(revoke, delayMs).unref())
  }

  /** Revokes the last token, and those whose time has not come. Never throws. */
  async finish(token: VaultToken | undefined): Promise<void> {
    const old = [...this.#timers.keys()]
    for (const timer of this.#timers.values()) {
      clearTimeout(timer)
    }
    this.#timers.clear()
    const last = token === undefined ? Promise.resolve() : this.#revoke(token)
    const [outcome] = await Promise.allSettled([last, ...old.map((token) => this.#revoke(token))])
    if (outcome.status === 'fulfilled') {
      return
    }
    const { code } = outcome.reason as PadlockError
    this.#log.warn({ code }, 'the Vault token could not be revoked; it will expire')
  }

  async #revoke({ token, batch }: VaultToken): Promise<void> {
    if (batch) {
      return
    }
    await this.#client.write('auth/token/revoke-self', {}, { token, timeoutMs })
  }
}
