import { createPublicKey } from 'node:crypto'
import { stripVTControlCharacters } from 'node:util'
import type { ProfileSettings } from '../../token/profile.ts'
import { keyFingerprint, rsaThumbprint } from '../../token/rsa-public-key.ts'
import type { VaultClient } from '../../vault/client.ts'
import { settingsFaults } from '../../vault/profile-settings.ts'
import { readStoredProfile } from '../../vault/profile-store.ts'
import { checkSigningKey, readTransitKey, type TransitKey } from '../../vault/transit-keys.ts'
import { during, refused } from '../exit.ts'
import type { Terminal } from '../terminal.ts'

/** What every `padlock key` command works with. */
export interface KeyContext {
  terminal: Terminal
  /** with the operator's token */
  client: VaultClient
  transitMount: string
  kvMount: string
  output: 'table' | 'json'
}

/** A profile and the transit key that it signs with, as both stand in Vault. */
export interface KeySubject {
  profile: string
  /** KV version, which a change must name */
  kvVersion: number
  settings: ProfileSettings
  key: TransitKey
}

/**
 * Reads a profile and its key.
 *
 * @throws CommandError with exit code 1 when there is none, or when it is not valid
 */
export async function readSubject(
  { client, kvMount, transitMount }: KeyContext,
  profile: string,
): Promise<KeySubject> {
  const stored = await during('Reading the profile', readStoredProfile(client, kvMount, profile))
  if (stored.value === undefined) throw refused(`There is no profile ${profile}.`)
  const faults = settingsFaults(stored.value)
  if (faults.length > 0) throw refused(`The profile ${profile} is not valid: ${faults.join('; ')}.`)
  const settings = stored.value as ProfileSettings
  const name = settings.signingKey
  const key = await during('Reading the signing key', readTransitKey(client, transitMount, name))
  checkSigningKey(key, name)
  return { profile, kvVersion: stored.version, settings, key }
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
  if (version >= key.minEncryptionVersion) return
  throw refused(
    `Version ${version} of ${key.name} is retired: min_encryption_version is ${key.minEncryptionVersion}. ` +
      `To undo that: vault write ${transitMount}/keys/${key.name}/config min_encryption_version=${version}`,
  )
}

/** A name or text from Vault for a terminal: whoever wrote it there must not move the cursor here. */
export const plain = (text: string): string => stripVTControlCharacters(text).replace(/\p{Cc}+/gu, ' ')

/** Writes a result: JSON for programs, else the text. */
export function print({ terminal, output }: KeyContext, result: object, text: string): void {
  terminal.stdout.write(output === 'json' ? `${JSON.stringify(result, null, 2)}\n` : text)
}
