import type { VaultCallOptions, VaultClient } from './client.ts'
import type { VaultSession } from './session.ts'
import { readTransitKey, type TransitKey } from './transit-keys.ts'

const timeoutMs = 5_000

/** The reads of one refresh: counted, and each transit key once, however many profiles share it. */
export class RefreshReads {
  readonly #client: VaultClient
  readonly #session: VaultSession
  readonly #transitMount: string
  readonly #keys = new Map<string, Promise<TransitKey | undefined>>()
  /** calls to Vault that were asked for */
  calls = 0

  constructor(client: VaultClient, session: VaultSession, transitMount: string) {
    this.#client = client
    this.#session = session
    this.#transitMount = transitMount
  }

  use<T>(read: (client: VaultClient, options: VaultCallOptions) => Promise<T>): Promise<T> {
    this.calls += 1
    return this.#session.use((token) => read(this.#client, { token, timeoutMs }))
  }

  key(name: string): Promise<TransitKey | undefined> {
    const read = () =>
      this.use((client, options) => readTransitKey(client, this.#transitMount, name, options))
    const key = this.#keys.get(name) ?? read()
    this.#keys.set(name, key)
    return key
  }
}
