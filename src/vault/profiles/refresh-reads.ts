import { authenticated, type VaultClient } from '../client/client.ts'
import { type TransitKey, TransitKeys } from '../keys/transit-keys.ts'
import type { VaultSession } from '../session/session.ts'
import { ProfileStore } from './profile-store.ts'

/** What profiles are read with, and where profiles and keys are in Vault. */
export interface RefreshSource {
  client: VaultClient
  session: VaultSession
  mounts: { kv: string; transit: string }
}

/** The reads of one refresh: counted, and each transit key once, however many profiles share it. */
export class RefreshReads {
  readonly profiles: ProfileStore
  readonly #keys: TransitKeys
  readonly #read = new Map<string, Promise<TransitKey | undefined>>()
  /** calls to Vault that were asked for */
  calls = 0

  constructor({ client, session, mounts }: RefreshSource) {
    const counted = authenticated(client, (call) => {
      this.calls += 1
      return session.use(call)
    })
    this.profiles = new ProfileStore(counted, mounts.kv)
    this.#keys = new TransitKeys(counted, mounts.transit)
  }

  key(name: string): Promise<TransitKey | undefined> {
    const key = this.#read.get(name) ?? this.#keys.read(name)
    this.#read.set(name, key)
    return key
  }
}
