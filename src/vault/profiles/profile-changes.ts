import { isDeepStrictEqual } from 'node:util'
import type { Profile } from '../../token/profile.ts'
import type { LoadedProfile } from './loaded-profile.ts'

/** What is made of the settings, and not stored. */
const derived: ReadonlySet<string> = new Set(['name', 'pinnedKey', 'recipientKey', 'userIdRules'])

/**
 * What another state of a profile changes, for the log: names of fields, and fingerprints of the recipient's key and
 * thumbprints of the signing key; never a field's value.
 *
 * @returns undefined where nothing is other than before
 */
export function profileChanges(was: LoadedProfile, is: LoadedProfile): object | undefined {
  const [before, now] = [was.profile, is.profile]
  const names = new Set([...Object.keys(before), ...Object.keys(now)]) as Set<keyof Profile>
  const changed = [...names].filter(
    (name) => !derived.has(name) && !isDeepStrictEqual(before[name], now[name]),
  )
  const [from, to] = [was.recipientFingerprint, is.recipientFingerprint]
  const { thumbprint, version } = before.pinnedKey
  const sameKey = thumbprint === now.pinnedKey.thumbprint
  if (changed.length === 0 && sameKey && from === to) {
    return undefined
  }
  return {
    changed: changed.sort(),
    ...(from === to ? {} : { recipientKey: { from, to } }),
    ...(sameKey ? {} : { signingKey: { from: { version, thumbprint }, to: pick(now.pinnedKey) } }),
  }
}

const pick = ({ version, thumbprint }: Profile['pinnedKey']) => ({ version, thumbprint })
