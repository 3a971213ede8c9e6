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

/** Makes the next version of a key (Vault API, transit "Rotate key"): of the same type, with its own key pair. */
export async function rotateTransitKey(client: VaultClient, mount: string, name: string): Promise<void> {
  // Never sent twice: each call makes a version.
  await client.write(`${mount}/keys/${name}/rotate`, {}, { timeoutMs: 60_000 })
}

/** Sets the lowest version that may sign; 0 for any. */
export async function setMinEncryptionVersion(
  client: VaultClient,
  mount: string,
  name: string,
  version: number,
): Promise<void> {
  const data = { min_encryption_version: version }
  await client.write(`${mount}/keys/${name}/config`, data, { idempotent: true })
}
