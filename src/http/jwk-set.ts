import { createPublicKey, type KeyObject } from 'node:crypto'
import { rsaFault } from '../token/rsa-public-key.ts'

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

/** A public key as a caller key; undefined when it can verify none of the algorithms, or is too weak. */
export function callerKey(key: KeyObject, kid?: string, alg?: string): CallerKey | undefined {
  const algorithms = algorithmsOf(key).filter((name) => alg === undefined || alg === name)
  if (algorithms.length === 0) return undefined
  return { kid, algorithms, pem: key.export({ type: 'spki', format: 'pem' }) as string }
}

/** One key of a set, if it can verify signatures (RFC 7517 §4). */
function parseJwk(jwk: unknown): CallerKey | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined
  const { kid, use, key_ops: operations, alg, kty } = jwk as Record<string, unknown>
  if (kid !== undefined && typeof kid !== 'string') return undefined
  if (alg !== undefined && typeof alg !== 'string') return undefined
  if (use !== undefined && use !== 'sig') return undefined
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify')))
    return undefined
  if (kty === 'oct') return undefined
  try {
    return callerKey(createPublicKey({ key: jwk as Record<string, unknown>, format: 'jwk' }), kid, alg)
  } catch {
    return undefined
  }
}

/**
 * The keys of a JWK Set (RFC 7517 §5) that can verify callers' JWTs; the others are passed over.
 *
 * @throws KeySetError when this is no JWK Set
 */
export function parseJwkSet(set: unknown): CallerKey[] {
  const keys = (set as { keys?: unknown } | null)?.keys
  if (!Array.isArray(keys)) throw new KeySetError('the answer is no JWK Set')
  const good = keys.map(parseJwk).filter((key) => key !== undefined)
  // The same key twice is no choice between two.
  return [...new Map(good.map((key) => [JSON.stringify(key), key])).values()]
}

/**
 * The one key for a token: of the algorithm, and of the `kid` if the token names one. Where several fit, none
 * does: the choice must not be the token's.
 */
export function selectKey(
  keys: readonly CallerKey[],
  kid: string | undefined,
  alg: CallerAlgorithm,
): CallerKey | undefined {
  const fitting = keys.filter((key) => (kid === undefined || key.kid === kid) && key.algorithms.includes(alg))
  return fitting.length === 1 ? fitting[0] : undefined
}
