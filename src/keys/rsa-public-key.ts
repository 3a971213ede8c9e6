import { createHash, type KeyObject } from 'node:crypto'
import { LruMap } from 'toad-cache'
import { isRsaModulus } from './rsa-modulus.ts'

/** Shortest RSA modulus that is accepted, in bits (RFC 7518 §3.3 and §4.3). */
export const rsaMinimumBits = 2048

/** Longest RSA modulus that is accepted, in bits: to check a longer one, or to use it, takes seconds. */
export const rsaMaximumBits = 8192

/** Why a public key is not usable. */
export type RsaFault = 'not_rsa' | 'too_short' | 'too_long' | 'bad_exponent' | 'bad_modulus'

/**
 * Checks that a public key is a plain RSA key of enough strength.
 *
 * Type `rsa` only: a key bound to RSASSA-PSS is for other algorithms (RFC 4055 §1.2). At least 2,048 bits
 * (RFC 7518 §3.3, §4.3). The exponent is odd and from 65,537 to below 2^256 (NIST FIPS 186-5 §A.1.1 for
 * signatures, SP 800-56B Rev. 2 §6.2 for key transport), so the exponent 3 of old generators is refused. The modulus
 * passes the partial public-key validation of SP 800-56B Rev. 2 §6.4.2: see `isRsaModulus`.
 *
 * @returns the first fault, or undefined for a good key
 */
export function rsaFault(key: KeyObject): RsaFault | undefined {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType !== 'rsa' || modulusLength === undefined || publicExponent === undefined) {
    return 'not_rsa'
  }
  if (modulusLength < rsaMinimumBits) {
    return 'too_short'
  }
  if (publicExponent < 65_537n || publicExponent % 2n === 0n || publicExponent >= 2n ** 256n) {
    return 'bad_exponent'
  }
  if (modulusLength > rsaMaximumBits) {
    return 'too_long'
  }
  return hasGoodModulus(key) ? undefined : 'bad_modulus'
}

/** Verdicts of moduli seen lately: profiles and keys are read again and again, and a check takes milliseconds. */
const verdicts = new LruMap<boolean>(1_000)

function hasGoodModulus(key: KeyObject): boolean {
  const { n = '' } = key.export({ format: 'jwk' })
  let good = verdicts.get(n)
  if (good === undefined) {
    good = isRsaModulus(BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`))
    verdicts.set(n, good)
  }
  return good
}

/** RFC 7638 thumbprint of an RSA public key: SHA-256 of its required members, base64url, 43 characters. */
export function rsaThumbprint(key: KeyObject): string {
  const { e, n } = key.export({ format: 'jwk' })
  // RFC 7638 §3.2: these members only, in this order, without white space.
  return createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url')
}

/** `sha256:` and the unpadded standard base64 of the SHA-256 of the key's DER SPKI, as SSH writes it. */
export function keyFingerprint(key: KeyObject): string {
  const digest = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64')
  return `sha256:${digest.replace(/=+$/, '')}`
}
