import { type Static, Type } from 'typebox'
import { answerData } from '../client/checked-answer.ts'
import type { VaultClient } from '../client/client.ts'
import { ifPresent } from '../client/not-found.ts'

/** The kinds of key that can make RS256 signatures (RFC 7518 §3.3). */
export const signingKeyTypes = ['rsa-2048', 'rsa-3072', 'rsa-4096'] as const
export type SigningKeyType = (typeof signingKeyTypes)[number]

/** An RSA key of 4,096 bits can take seconds to find. */
const keyPairMs = 60_000

/** One version of a key: its public part, and when it was made (RFC 3339). */
export interface TransitKeyVersion {
  /** SPKI PEM */
  publicKey: string
  createdAt: string
}

/** What Vault says of a transit key; the private part is in no answer of Vault's. */
export interface TransitKey {
  name: string
  type: string
  exportable: boolean
  allowPlaintextBackup: boolean
  deletionAllowed: boolean
  /** true when someone brought the key from outside Vault */
  imported: boolean
  /** true when an administrator of OpenBao has soft-deleted it: it signs nothing until it is restored */
  softDeleted: boolean
  /** seconds after which Vault rotates the key by itself; 0 for never */
  autoRotateSeconds: number
  latestVersion: number
  /** lowest version that may sign; 0 for any */
  minEncryptionVersion: number
  /** lowest version that Vault still shows and verifies with */
  minDecryptionVersion: number
  /** by version number; empty for a symmetric key, and for one that is held outside */
  versions: Map<number, TransitKeyVersion>
}

const Count = Type.Integer({ minimum: 0 })
const KeySchema = Type.Object({
  type: Type.String(),
  exportable: Type.Boolean(),
  allow_plaintext_backup: Type.Boolean(),
  deletion_allowed: Type.Boolean(),
  imported_key: Type.Optional(Type.Boolean()),
  soft_deleted: Type.Optional(Type.Boolean()),
  auto_rotate_period: Type.Optional(Count),
  latest_version: Type.Integer({ minimum: 1 }),
  min_encryption_version: Count,
  min_decryption_version: Count,
  // In place of an object, a symmetric key has a time here, and one that is held outside (OpenBao) a name of its own.
  keys: Type.Record(
    Type.String({ pattern: '^[1-9][0-9]*$' }),
    Type.Union([
      Type.Number(),
      Type.String(),
      Type.Object({ public_key: Type.String(), creation_time: Type.String() }),
    ]),
    { additionalProperties: false },
  ),
})

/** The answer as a key. */
function transitKey(name: string, data: Static<typeof KeySchema>): TransitKey {
  const versions = new Map<number, TransitKeyVersion>()
  for (const [version, entry] of Object.entries(data.keys)) {
    if (typeof entry === 'object') {
      versions.set(Number(version), { publicKey: entry.public_key, createdAt: entry.creation_time })
    }
  }
  return {
    name,
    type: data.type,
    exportable: data.exportable,
    allowPlaintextBackup: data.allow_plaintext_backup,
    deletionAllowed: data.deletion_allowed,
    imported: data.imported_key ?? false,
    softDeleted: data.soft_deleted ?? false,
    autoRotateSeconds: data.auto_rotate_period ?? 0,
    latestVersion: data.latest_version,
    minEncryptionVersion: data.min_encryption_version,
    minDecryptionVersion: data.min_decryption_version,
    versions,
  }
}

/** The keys of a transit engine. All calls throw VaultError as the client does. */
export class TransitKeys {
  /** path of the engine, without slashes at its ends */
  readonly mount: string
  readonly #client: VaultClient

  /** @param client with a token */
  constructor(client: VaultClient, mount: string) {
    this.#client = client
    this.mount = mount
  }

  /**
   * A key's metadata, every field checked; undefined when there is no such key.
   *
   * @throws VaultError `vault_unavailable` as well, for an answer that is not a key's
   */
  async read(name: string): Promise<TransitKey | undefined> {
    const body = await ifPresent(this.#client.read(this.#path(name)))
    return body === undefined ? undefined : transitKey(name, answerData(KeySchema, 'a transit key', body))
  }

  /**
   * Makes a key that never leaves Vault: not exportable, no plaintext backup; Vault refuses to delete it unless configured
   * otherwise. Does nothing when the key exists.
   */
  async create(name: string, type: SigningKeyType): Promise<void> {
    const data = { type, exportable: false, allow_plaintext_backup: false }
    await this.#client.write(this.#path(name), data, { timeoutMs: keyPairMs })
  }

  /** Makes the next version of a key (Vault API, transit "Rotate key"): of the same type, with its own key pair. */
  async rotate(name: string): Promise<void> {
    // Never sent twice: each call makes a version.
    await this.#client.write(`${this.#path(name)}/rotate`, {}, { timeoutMs: keyPairMs })
  }

  /** Has Vault refuse to delete a key. */
  async forbidDeletion(name: string): Promise<void> {
    await this.#client.write(`${this.#path(name)}/config`, { deletion_allowed: false })
  }

  /** Sets the lowest version that may sign; 0 for any. */
  async setMinEncryptionVersion(name: string, version: number): Promise<void> {
    const data = { min_encryption_version: version }
    await this.#client.write(`${this.#path(name)}/config`, data, { idempotent: true })
  }

  #path(name: string): string {
    return `${this.mount}/keys/${name}`
  }
}
