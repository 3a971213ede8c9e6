import { createPublicKey } from 'node:crypto'
import { exportJWK, type JWK } from 'jose'
import { rsaThumbprint } from '../../keys/rsa-public-key.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { formerTokensExpire, keyVersionState } from './key-versions.ts'
import type { TransitKey } from './transit-keys.ts'

/** A public key that a verifier needs, now or next. */
export interface PublishedKey {
  version: number
  use: 'active' | 'previous' | 'staged'
  /** with `kid` = RFC 7638 thumbprint, `alg` and `use` */
  jwk: JWK
  /** SPKI PEM */
  pem: string
  /** milliseconds since the epoch: nobody needs it any more after that; undefined for no end */
  until: number | undefined
}

async function publishedKey(
  pem: string,
  version: number,
  use: PublishedKey['use'],
  until?: number,
): Promise<PublishedKey> {
  const key = createPublicKey(pem)
  const jwk = { ...(await exportJWK(key)), kid: rsaThumbprint(key), alg: 'RS256', use: 'sig' }
  return { version, use, pem, jwk, until }
}

/** Newest versions after the pinned one that are published: a key that Vault rotates by itself has ever more. */
const mostStaged = 32

/**
 * The versions of a key that a profile may need: the pinned one, the newest 32 after it, and those before it that signed
 * tokens which may still live. The others are not even looked at.
 *
 * @param former as for `publishedKeys`
 */
export function neededVersions(
  { signingKeyVersion, previousSigningKeyVersion }: ProfileSettings,
  { versions }: TransitKey,
  former: readonly PublishedKey[] = [],
): TransitKey['versions'] {
  const newer = [...versions.keys()].filter((version) => version > signingKeyVersion).sort((a, b) => b - a)
  const signed = former.filter(({ use }) => use !== 'staged').map(({ version }) => version)
  const needed = new Set([
    signingKeyVersion,
    previousSigningKeyVersion,
    ...signed,
    ...newer.slice(0, mostStaged),
  ])
  return new Map([...versions].filter(([version]) => needed.has(version)))
}

/**
 * The versions that a verifier needs, the pinned one first: those staged after it, and those before it until their
 * last tokens have expired. A retired version is not among them.
 *
 * @param former the keys published until now, by the same transit key: a version that this process signed with
 *   stays for as long as its tokens live, whatever the settings have become
 */
export async function publishedKeys(
  settings: ProfileSettings,
  key: TransitKey,
  refreshSeconds: number,
  former: readonly PublishedKey[] = [],
): Promise<PublishedKey[]> {
  const untilOf = new Map<number, number>()
  const keep = (version: number, until: number) =>
    untilOf.set(version, Math.max(until, untilOf.get(version) ?? until))
  if (settings.previousSigningKeyVersion !== undefined) {
    const { activatedAt, tokenTtlSeconds, previousSigningKeyVersion } = settings
    keep(previousSigningKeyVersion, formerTokensExpire(activatedAt, tokenTtlSeconds, refreshSeconds))
  }
  for (const { version, use, until } of former) {
    if (use !== 'staged' && until !== undefined) {
      keep(version, until)
    }
  }
  const made: Promise<PublishedKey>[] = []
  for (const [version, { publicKey }] of key.versions) {
    const state = keyVersionState(version, settings, key.minEncryptionVersion)
    const newer = version > settings.signingKeyVersion
    if (state === 'active') {
      made.unshift(publishedKey(publicKey, version, 'active'))
    } else if (state === 'retired') {
    }
    // One that was gone back from may be the next again: it has no end.
    else if (newer) {
      made.push(publishedKey(publicKey, version, state))
    } else if (untilOf.has(version)) {
      made.push(publishedKey(publicKey, version, 'previous', untilOf.get(version)))
    }
  }
  return Promise.all(made)
}

/** The keys that were published, with an end for the version that signed and now signs no longer. */
export function formerKeys(
  published: readonly PublishedKey[],
  tokenTtlSeconds: number,
  now: number,
  refreshSeconds: number,
): PublishedKey[] {
  const until = formerTokensExpire(new Date(now).toISOString(), tokenTtlSeconds, refreshSeconds)
  return published.map((key) => (key.use === 'active' ? { ...key, until } : key))
}
