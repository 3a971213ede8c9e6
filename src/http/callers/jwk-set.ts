import { createPublicKey, type KeyObject } from 'node:crypto'
import { rsaFault } from '../../keys/rsa-public-key.ts'

/**
 * The algorithms that callers' JWTs may be signed with: asymmetric ones only (RFC 7518 §3.1, RFC 8037), since a
 * public key must never serve as an HMAC secret.
 */
export const callerAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const
export type CallerAlgorithm = (typeof callerAlgorithms)[number]

/** A public key that verifies callers' JWTs. */
export interface CallerKey {
  kid: string | undefined
  /** what it may verify: fast-jwt would take an EC key for `RS256` too, and secp256k1 for `ES256` */
  algorithms: readonly CallerAlgorithm[]
  /** SPKI PEM */
  pem: string
}

/** What came is no JWK Set that can be used; the message holds nothing of it. */
export class KeySetError extends Error {
  override readonly name = 'KeySetError'
}

/** By Node's names of curves (RFC 7518 §3.4). */
const curveAlgorithms: Readonly<Record<string, CallerAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

function algorithmsOf(key: KeyObject): readonly CallerAlgorithm[] {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return rsaFault(key) === undefined ? callerAlgorithms.filter((name) => /^[RP]S/.test(name)) : []
    case 'ec':
      return [curveAlgorithms[key.asymmetricKeyDetails?.namedCurve ?? '']].filter(
        (name) => name !== undefined,
      )
    case 'ed25519':
    case 'ed448':
      return ['EdDSA']
    default:
      return []
  }
}

/** RFC 9864 has a name for each curve, and fast-jwt knows the one name of RFC 8037 alone: the keys are the same. */
const sameAlgorithm: Readonly<Record<string, CallerAlgorithm>> = { Ed25519: 'EdDSA', Ed448: 'EdDSA' }

/** A public key as a caller key; undefined when it can verify none of the algorithms, or is too weak. */
export function callerKey(key: KeyObject, kid?: string, alg?: string): CallerKey | undefined {
  const only = alg === undefined ? undefined : (sameAlgorithm[alg] ?? alg)
  const algorithms = algorithmsOf(key).filter((name) => only === undefined || only === name)
  if (algorithms.length === 0) {
    return undefined
  }
  return { kid, algorithms, pem: key.export({ type: 'spki', format: 'pem' }) as string }
}

/** Why a key of a set is not used: a closed list for the log. */
export type UnusableKey = 'private' | 'not_for_signatures' | 'algorithm' | 'weak' | 'malformed'

/** The keys of a JWK Set, and how many of it cannot be used, by the reason. */
export interface KeySet {
  keys: readonly CallerKey[]
  unusable: Partial<Record<UnusableKey, number>>
}

/** Most keys of a set: an issuer has few, and each costs time to read. */
const mostKeys = 500

/** The parts of a private key (RFC 7518 §6.2.2, §6.3.2, RFC 8037 §2). */
const privateParts = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth']

/** One key of a set, or why it is none that verifies callers' JWTs (RFC 7517 §4). */
function parseJwk(jwk: unknown): CallerKey | UnusableKey {
  if (typeof jwk !== 'object' || jwk === null) {
    return 'malformed'
  }
  const { kid, use, key_ops: operations, alg, kty } = jwk as Record<string, unknown>
  if (kid !== undefined && typeof kid !== 'string') {
    return 'malformed'
  }
  if (alg !== undefined && typeof alg !== 'string') {
    return 'malformed'
  }
  if (use !== undefined && use !== 'sig') {
    return 'not_for_signatures'
  }
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return 'not_for_signatures'
  }
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') {
    return 'algorithm'
  }
  // It is public now: anyone who has read the set can be any caller.
  if (privateParts.some((part) => part in jwk)) {
    return 'private'
  }
  let key: KeyObject
  try {
    key = createPublicKey({ key: jwk as Record<string, unknown>, format: 'jwk' })
  } catch {
    return 'malformed'
  }
  if (kty === 'RSA' && algorithmsOf(key).length === 0) {
    return 'weak'
  }
  return callerKey(key, kid, alg) ?? 'algorithm'
}

/**
 * The keys of a JWK Set (RFC 7517 §5) that can verify callers' JWTs; the others are passed over and counted.
 *
 * @throws KeySetError when this is no JWK Set, or one of more than 500 keys
 */
export function parseJwkSet(set: unknown): KeySet {
  const given = (set as { keys?: unknown } | null)?.keys
  if (!Array.isArray(given)) {
    throw new KeySetError('the answer is no JWK Set')
  }
  if (given.length > mostKeys) {
    throw new KeySetError(`the key set has more than ${mostKeys} keys`)
  }
  const unusable: KeySet['unusable'] = {}
  // The same key twice is no choice between two.
  const keys = new Map<string, CallerKey>()
  for (const key of given.map(parseJwk)) {
    if (typeof key === 'string') {
      unusable[key] = (unusable[key] ?? 0) + 1
    } else {
      keys.set(JSON.stringify(key), key)
    }
  }
  return { keys: [...keys.values()], unusable }
}

const fittingKeys = (keys: readonly CallerKey[], kid: string | undefined, alg: CallerAlgorithm) =>
  keys.filter((key) => (kid === undefined || key.kid === kid) && key.algorithms.includes(alg))

/**
 * The one key for a token: of the algorithm, and of the `kid` if the token names one. Where several fit, none
 * does: the choice must not be the token's.
 */
export function selectKey(
  keys: readonly CallerKey[],
  kid: string | undefined,
  alg: CallerAlgorithm,
): CallerKey | undefined {
  const fitting = fittingKeys(keys, kid, alg)
  return fitting.length === 1 ? fitting[0] : undefined
}

/** Why there is no key for a token: none of its `kid`, several, or one of another algorithm. */
export type KeyFault = 'unknown_key' | 'ambiguous_key' | 'algorithm'

/** Why `selectKey` finds no key. */
export function keyFault(
  keys: readonly CallerKey[],
  kid: string | undefined,
  alg: CallerAlgorithm,
): KeyFault {
  if (fittingKeys(keys, kid, alg).length > 1) {
    return 'ambiguous_key'
  }
  return kid !== undefined && keys.some((key) => key.kid === kid) ? 'algorithm' : 'unknown_key'
}
