import { createPublicKey } from 'node:crypto'
import { Type } from 'typebox'
import { PadlockError } from '../errors.ts'
import { rsaFault } from '../token/rsa-public-key.ts'
import { answerData } from './answer-data.ts'
import type { VaultCallOptions, VaultClient } from './client.ts'
import { ifPresent } from './if-present.ts'

/** The kinds of key that can make RS256 signatures (RFC 7518 §3.3). */
export const signingKeyTypes = ['rsa-2048', 'rsa-3072', 'rsa-4096'] as const
export type SigningKeyType = (typeof signingKeyTypes)[number]

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
  /** seconds after which Vault rotates the key by itself; 0 for never */
  autoRotateSeconds: number
  latestVersion: number
  /** lowest version that may sign; 0 for any */
  minEncryptionVersion: number
  /** lowest version that Vault still shows and verifies with */
  minDecryptionVersion: number
  /** by version number; empty for a symmetric key */
  versions: Map<number, TransitKeyVersion>
}

const Count = Type.Integer({ minimum: 0 })
const KeySchema = Type.Object({
  type: Type.String(),
  exportable: Type.Boolean(),
  allow_plaintext_backup: Type.Boolean(),
  deletion_allowed: Type.Boolean(),
  imported_key: Type.Optional(Type.Boolean()),
  auto_rotate_period: Type.Optional(Count),
  latest_version: Type.Integer({ minimum: 1 }),
  min_encryption_version: Count,
  min_decryption_version: Count,
  // A symmetric key has a time here, as a number, in place of an object.
  keys: Type.Record(
    Type.String({ pattern: '^[1-9][0-9]*$' }),
    Type.Union([Type.Number(), Type.Object({ public_key: Type.String(), creation_time: Type.String() })]),
    { additionalProperties: false },
  ),
})

/**
 * Reads a transit key's metadata, every field checked.
 *
 * @param mount path of the transit engine, without slashes at its ends
 * @returns undefined when there is no such key
 * @throws VaultError as the client does; `vault_unavailable` for an answer that is not a key's
 */
export async function readTransitKey(
  client: VaultClient,
  mount: string,
  name: string,
  options: VaultCallOptions = {},
): Promise<TransitKey | undefined> {
  const body = await ifPresent(client.read(`${mount}/keys/${name}`, options))
  if (body === undefined) return undefined
  const data = answerData(KeySchema, 'a transit key', body)
  const versions = new Map<number, TransitKeyVersion>()
  for (const [version, entry] of Object.entries(data.keys)) {
    if (typeof entry === 'number') continue
    versions.set(Number(version), { publicKey: entry.public_key, createdAt: entry.creation_time })
  }
  return {
    name,
    type: data.type,
    exportable: data.exportable,
    allowPlaintextBackup: data.allow_plaintext_backup,
    deletionAllowed: data.deletion_allowed,
    imported: data.imported_key ?? false,
    autoRotateSeconds: data.auto_rotate_period ?? 0,
    latestVersion: data.latest_version,
    minEncryptionVersion: data.min_encryption_version,
    minDecryptionVersion: data.min_decryption_version,
    versions,
  }
}

const because = (name: string, reason: string) =>
  new PadlockError('signing_key_missing', { detail: `The transit key ${name} ${reason}.` })

/**
 * Refuses a key whose private part could leave Vault, or which cannot make RS256 signatures.
 *
 * @param name for the message, where there is no key
 * @throws PadlockError `signing_key_missing` with the reason
 */
export function checkSigningKey(
  key: TransitKey | undefined,
  name = 'of this profile',
): asserts key is TransitKey {
  if (key === undefined) throw because(name, 'does not exist')
  if (key.exportable) throw because(key.name, 'is exportable: its private key may already be outside Vault')
  if (key.allowPlaintextBackup) {
    throw because(key.name, 'allows a plaintext backup: its private key may already be outside Vault')
  }
  if (!/^rsa-\d+$/.test(key.type)) throw because(key.name, `is of type ${key.type}; RS256 needs an RSA key`)
  for (const [version, { publicKey }] of key.versions) {
    const fault = faultOf(publicKey)
    if (fault === undefined) continue
    throw because(
      key.name,
      `has a version (${version}) that cannot sign RS256 (${fault}); RSA of 2,048 bits is the least`,
    )
  }
}

function faultOf(pem: string): string | undefined {
  try {
    return rsaFault(createPublicKey(pem))
  } catch {
    return 'not a public key'
  }
}
