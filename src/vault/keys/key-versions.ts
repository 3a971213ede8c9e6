import type { ProfileSettings } from '../../token/profile.ts'

/**
 * What a version of a signing key is to a profile. `staged`: newer than the pinned one, not in use yet. `active`:
 * pinned. `previous`: older, or was in use; it may still sign. `retired`: under its key's `min_encryption_version`.
 */
export type KeyVersionState = 'staged' | 'active' | 'previous' | 'retired'

/** Seconds by which the clocks of Padlock, Vault, the operator and a verifier may differ in all. */
export const clockSlackSeconds = 30

type Pin = Pick<ProfileSettings, 'signingKeyVersion' | 'previousSigningKeyVersion'>

/**
 * The state of one version.
 *
 * @param minEncryptionVersion lowest version that may sign; 0 for any (Vault API, transit "Update key configuration")
 * @param wasActive true for a version that an earlier state of the profile pinned
 */
export function keyVersionState(
  version: number,
  pin: Pin,
  minEncryptionVersion: number,
  wasActive = false,
): KeyVersionState {
  if (version === pin.signingKeyVersion) {
    return 'active'
  }
  if (version < minEncryptionVersion) {
    return 'retired'
  }
  if (version === pin.previousSigningKeyVersion || wasActive) {
    return 'previous'
  }
  return version > pin.signingKeyVersion ? 'staged' : 'previous'
}

/**
 * When the last token of the versions before the pinned one has expired, in milliseconds since the epoch: an
 * instance may sign with them for one refresh interval more, and a token lives its time.
 */
export function formerTokensExpire(
  activatedAt: string,
  tokenTtlSeconds: number,
  refreshSeconds: number,
): number {
  return Date.parse(activatedAt) + (refreshSeconds + tokenTtlSeconds + clockSlackSeconds) * 1000
}
