import type { VaultClient } from './client.ts'
import type { SigningKeyType } from './transit-keys.ts'

/**
 * Makes a key that never leaves Vault: not exportable, no plaintext backup; Vault refuses to delete it unless
 * told otherwise. Does nothing when the key exists.
 */
export async function createTransitKey(
  client: VaultClient,
  mount: string,
  name: string,
  type: SigningKeyType,
): Promise<void> {
  const data = { type, exportable: false, allow_plaintext_backup: false }
  // An RSA key of 4,096 bits can take seconds to find.
  await client.write(`${mount}/keys/${name}`, data, { timeoutMs: 60_000 })
}

/** Has Vault refuse to delete a key. */
export async function forbidDeletion(client: VaultClient, mount: string, name: string): Promise<void> {
  await client.write(`${mount}/keys/${name}/config`, { deletion_allowed: false })
}
