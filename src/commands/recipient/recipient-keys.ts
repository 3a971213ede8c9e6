import { refused, usageError } from '../../cli/exit.ts'
import { parseFingerprint } from '../../cli/values/fingerprint.ts'
import { parseRecipientKey, RecipientKeyError } from '../../keys/recipient-key.ts'
import type { ProfileSettings } from '../../token/profile.ts'

/** A recipient key of a profile, as it is listed. */
export interface ListedKey {
  thumbprint: string
  state: 'active' | 'inactive'
  /** null for a key that cannot be used, which only a hand in Vault can have put there */
  fingerprint: string | null
  /** length of the RSA modulus */
  bits: number | null
  addedAt: string | null
  addedBy: string | null
}

/** The recipient keys of a profile, the active one first. */
export function listedKeys({ recipientKeys, activeRecipientKey }: ProfileSettings): ListedKey[] {
  return Object.entries(recipientKeys)
    .map(([thumbprint, { publicKey, addedAt = null, addedBy = null }]): ListedKey => {
      const state = thumbprint === activeRecipientKey ? 'active' : 'inactive'
      try {
        const { fingerprint, bits, ...key } = parseRecipientKey(publicKey)
        const isIt = key.thumbprint === thumbprint
        return {
          thumbprint,
          state,
          fingerprint: isIt ? fingerprint : null,
          bits: isIt ? bits : null,
          addedAt,
          addedBy,
        }
      } catch (error) {
        if (!(error instanceof RecipientKeyError)) {
          throw error
        }
        return { thumbprint, state, fingerprint: null, bits: null, addedAt, addedBy }
      }
    })
    .sort((one, other) => one.state.localeCompare(other.state))
}

/**
 * The key with this thumbprint or fingerprint.
 *
 * @throws CommandError with exit code 1 where the profile has none
 */
export function findKey(settings: ProfileSettings, profile: string, name: string): ListedKey {
  const keys = listedKeys(settings)
  const wanted = parseFingerprint(name)
  const found = keys.find(
    ({ thumbprint, fingerprint }) => thumbprint === name || (fingerprint !== null && fingerprint === wanted),
  )
  if (found === undefined) {
    throw refused(
      `The profile ${profile} has no such recipient key: see \`padlock recipient list ${profile}\`.`,
    )
  }
  return found
}

/**
 * The key to activate: the one that is named, or the only one that is not active.
 *
 * @throws CommandError with exit code 1 where there is none, 2 where it is not clear which is meant
 */
export function keyToActivate(
  settings: ProfileSettings,
  profile: string,
  thumbprint: string | undefined,
  fingerprint: string | undefined,
): ListedKey {
  const name = thumbprint ?? fingerprint
  if (name !== undefined) {
    return findKey(settings, profile, name)
  }
  const others = listedKeys(settings).filter(({ state }) => state === 'inactive')
  const [only] = others
  if (only === undefined) {
    throw refused(
      `The profile ${profile} has no other recipient key: \`padlock recipient add ${profile}\` adds one.`,
    )
  }
  if (others.length === 1) {
    return only
  }
  const list = others.map((key) => `\n  ${key.thumbprint}`).join('')
  throw usageError(`Say which key: the profile ${profile} has ${others.length} that are not active.${list}`)
}
