import { createPublicKey } from 'node:crypto'
import { importSPKI } from 'jose'
import { PadlockError } from '../../errors.ts'
import { parseRecipientKey } from '../../keys/recipient-key.ts'
import type { Profile, ProfileSettings } from '../../token/profile.ts'
import type { SigningKey } from '../../token/signer.ts'
import { userIdRules } from '../../token/user-id.ts'
import { formerKeys, neededVersions, type PublishedKey, publishedKeys } from '../keys/published-keys.ts'
import { checkSigningKey } from '../keys/signing-key.ts'
import type { TransitKey } from '../keys/transit-keys.ts'

/** A profile that can sign, and the public keys that go with it. */
export interface LoadedProfile {
  profile: Profile
  publishedKeys: PublishedKey[]
  /** fingerprint of the key that tokens are encrypted to */
  recipientFingerprint: string
}

/** A profile that cannot be used, with what the operator should know. */
function unusable(
  detail: string,
  code: 'signing_key_missing' | 'key_version_disabled' | 'profile_unusable' = 'signing_key_missing',
) {
  return new PadlockError(code, { detail })
}

async function activeRecipientKey(settings: ProfileSettings) {
  const { publicKey } = settings.recipientKeys[settings.activeRecipientKey] as { publicKey: string }
  const { pem, thumbprint, fingerprint } = parseRecipientKey(publicKey)
  if (thumbprint !== settings.activeRecipientKey) {
    throw unusable(
      'The active recipient key does not have the thumbprint that it is filed under.',
      'profile_unusable',
    )
  }
  return { recipientKey: await importSPKI(pem, 'RSA-OAEP-256'), fingerprint }
}

function checkPinnedVersion(settings: ProfileSettings, key: TransitKey): void {
  if (!key.versions.has(settings.signingKeyVersion)) {
    throw unusable('The pinned version of the signing key does not exist.')
  }
  if (settings.signingKeyVersion < key.minEncryptionVersion) {
    throw unusable(
      'The pinned version is under the min_encryption_version of its key.',
      'key_version_disabled',
    )
  }
}

/**
 * Refuses another public key under the name and version that this process has loaded before: a version of a transit
 * key never changes in Vault, so the key was replaced, and iAdvize holds the one from before. A later activation says
 * that it holds this one.
 */
function checkNotReplaced(before: Profile | undefined, settings: ProfileSettings, now: SigningKey): void {
  const was = before?.pinnedKey
  const samePin =
    was?.name === now.name && was.version === now.version && before?.activatedAt === settings.activatedAt
  if (!samePin || was.thumbprint === now.thumbprint) {
    return
  }
  throw new PadlockError('signature_invalid', {
    detail:
      `The transit key ${now.name} was replaced in Vault: the public key of its version ${now.version} has the ` +
      `thumbprint ${now.thumbprint}, and had ${was.thumbprint}, which iAdvize has. No token is issued with it. ` +
      'Bring the old key back from a snapshot of Vault; where it is lost, hand a new version over: ' +
      'padlock key stage, export, activate.',
  })
}

/**
 * Makes a profile ready to sign.
 *
 * @param settings its own, found good
 * @param key its transit key, where there is one of that name
 * @param before the same profile as it was in use until now
 * @param now milliseconds since the epoch
 * @throws PadlockError `signing_key_missing`, `key_version_disabled`, `profile_unusable`, or `signature_invalid` for a key that was replaced
 */
export async function prepareProfile(
  name: string,
  settings: ProfileSettings,
  key: TransitKey | undefined,
  refreshSeconds: number,
  before: LoadedProfile | undefined,
  now: number,
): Promise<LoadedProfile> {
  const former =
    before?.profile.signingKey === settings.signingKey
      ? formerKeys(before.publishedKeys, before.profile.tokenTtlSeconds, now, refreshSeconds)
      : []
  const needed = key && { ...key, versions: neededVersions(settings, key, former) }
  checkSigningKey(needed, settings.signingKey)
  checkPinnedVersion(settings, needed)
  const published = await publishedKeys(settings, needed, refreshSeconds, former)
  const active = published[0] as PublishedKey
  const pinnedKey = {
    name: settings.signingKey,
    version: active.version,
    publicKey: createPublicKey(active.pem),
    thumbprint: active.jwk.kid as string,
  }
  checkNotReplaced(before?.profile, settings, pinnedKey)
  const { recipientKey, fingerprint } = await activeRecipientKey(settings)
  return {
    profile: { ...settings, name, pinnedKey, recipientKey, userIdRules: userIdRules(settings) },
    publishedKeys: published,
    recipientFingerprint: fingerprint,
  }
}
