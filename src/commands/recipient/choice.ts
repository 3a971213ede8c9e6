import { timingSafeEqual } from 'node:crypto'
import type { ProfileSettings } from '../../token/profile.ts'
import { refused, usageError } from '../exit.ts'
import { type ListedKey, listedKeys } from './list.ts'

/** A fingerprint in the form of ours: base64 with its padding, as openssl writes it, is taken too. */
export function normalFingerprint(text: string): string {
  const given = text.trim().replace(/=+$/, '')
  if (/^sha256:[A-Za-z0-9+/]{43}$/i.test(given)) return `sha256:${given.slice(7)}`
  throw usageError('A fingerprint is "sha256:" and 43 characters of base64.')
}

/** True when two fingerprints are the same. */
export const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))

/**
 * The key with this thumbprint or fingerprint.
 *
 * @throws CommandError with exit code 1 where the profile has none
 */
export function findKey(settings: ProfileSettings, profile: string, name: string): ListedKey {
  const keys = listedKeys(settings)
  const wanted = /^sha256:/i.test(name) ? normalFingerprint(name) : name
  const found = keys.find(({ thumbprint, fingerprint }) => thumbprint === wanted || fingerprint === wanted)
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
  if (name !== undefined) return findKey(settings, profile, name)
  const others = listedKeys(settings).filter(({ state }) => state === 'inactive')
  const [only] = others
  if (only === undefined) {
    throw refused(
      `The profile ${profile} has no other recipient key: \`padlock recipient add ${profile}\` adds one.`,
    )
  }
  if (others.length === 1) return only
  const list = others.map((key) => `\n  ${key.thumbprint}`).join('')
  throw usageError(`Say which key: the profile ${profile} has ${others.length} that are not active.${list}`)
}
