import { createPublicKey } from 'node:crypto'
import { during, refused } from '../../cli/exit.ts'
import type { Operator } from '../../cli/operator.ts'
import { keyFingerprint, rsaThumbprint } from '../../keys/rsa-public-key.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { checkSigningKey } from '../../vault/keys/signing-key.ts'
import type { TransitKey } from '../../vault/keys/transit-keys.ts'
import type { StoredProfile } from '../../vault/profiles/profile-store.ts'
import { validProfile } from '../profile-change/existing-profile.ts'

/** A profile and the transit key that it signs with, as both stand in Vault. */
export interface KeySubject {
  profile: string
  /** with the KV version that a change must name */
  stored: StoredProfile
  settings: ProfileSettings
  key: TransitKey
}

/**
 * Reads a profile and its key.
 *
 * @throws CommandError with exit code 1 when there is none, or when it is not valid
 */
export async function readSubject(operator: Operator, profile: string): Promise<KeySubject> {
  const stored = await validProfile(operator, profile)
  const name = stored.value.signingKey
  const key = await during('Reading the signing key', operator.keys.read(name))
  checkSigningKey(key, name)
  return { profile, stored, settings: stored.value, key }
}

/** One version's public key and the names it goes by. */
export interface VersionKey {
  version: number
  /** SPKI PEM */
  publicKey: string
  fingerprint: string
  /** RFC 7638 */
  thumbprint: string
  /** RFC 3339 */
  createdAt: string
}

/**
 * One version of a key.
 *
 * @throws CommandError with exit code 1 when Vault does not have it (any more)
 */
export function versionKey(key: TransitKey, version: number): VersionKey {
  const found = key.versions.get(version)
  if (found === undefined) {
    const trimmed = version < key.latestVersion ? 'no longer shows' : 'has no'
    throw refused(
      `Vault ${trimmed} version ${version} of ${key.name}; there are ${[...key.versions.keys()].join(', ')}.`,
    )
  }
  const publicKey = createPublicKey(found.publicKey)
  return {
    version,
    publicKey: found.publicKey,
    fingerprint: keyFingerprint(publicKey),
    thumbprint: rsaThumbprint(publicKey),
    createdAt: found.createdAt,
  }
}

/**
 * Refuses a version that may not sign.
 *
 * @throws CommandError with exit code 1, with the command that undoes it
 */
export function refuseRetired({ key }: KeySubject, version: number, transitMount: string): void {
  if (version >= key.minEncryptionVersion) {
    return
  }
  throw refused(
    `Version ${version} of ${key.name} is retired: min_encryption_version is ${key.minEncryptionVersion}. ` +
      `To undo that: vault write ${transitMount}/keys/${key.name}/config min_encryption_version=${version}`,
  )
}
