import { constants, type KeyObject, publicEncrypt } from 'node:crypto'
import { PadlockError } from '../errors.ts'
import { isMeantFor, PublicKeyError, type PublicKeyFault, readPublicKey } from './public-key.ts'
import { keyFingerprint, type RsaFault, rsaFault, rsaThumbprint } from './rsa-public-key.ts'

/** The key that tokens are encrypted to. */
export interface RecipientKey {
  /** SPKI PEM */
  pem: string
  /** RFC 7638, base64url */
  thumbprint: string
  /** `sha256:` + unpadded standard base64 of the SHA-256 of the DER SPKI */
  fingerprint: string
  /** length of the modulus */
  bits: number
}

export type RecipientKeyFault = RsaFault | PublicKeyFault | 'wrong_use' | 'cannot_encrypt'

const sentences: Record<RecipientKeyFault, string> = {
  private_key:
    'This is a PRIVATE key: treat it as compromised. Anyone who has it can read every token, and it has now been in ' +
    "more places than its owner's. Tell the owner to replace it. Nothing of it was stored, sent or shown. Padlock " +
    "needs the recipient's PUBLIC key.",
  not_a_key: 'This is no public key: give PEM, base64 of a DER SPKI, a JWK, or an X.509 certificate.',
  several_keys: "There is more than one key: give the recipient's key alone.",
  wrong_use:
    'This JWK is not meant for encryption with RSA-OAEP-256 (its `use`, `key_ops` or `alg` says so).',
  cannot_encrypt:
    'OpenSSL cannot encrypt to this key: its public exponent is longer than 64 bits, which it takes only with a ' +
    'modulus of 3,072 bits at the most. The usual exponent is 65,537.',
  not_rsa: 'RSA-OAEP-256 needs a plain RSA key; this one is of another type (RSA-PSS keys only sign).',
  too_short: 'The RSA key is too short: 2,048 bits is the least (RFC 7518 §4.3).',
  too_long: 'The RSA key is too long: 8,192 bits is the most.',
  bad_modulus:
    "The number in this key is no RSA modulus (it is even, or has a small factor, or is a prime or a prime's power): it was cut " +
    'or changed on its way. Ask for the key again (NIST SP 800-56B Rev. 2 §6.4.2).',
  bad_exponent:
    "The RSA key's public exponent is not an odd number from 65,537 to 2^256 (NIST SP 800-56B Rev. 2 §6.2).",
}

/** A key that is not accepted, with the reason; no part of the input is in it. */
export class RecipientKeyError extends PadlockError {
  readonly fault: RecipientKeyFault

  constructor(fault: RecipientKeyFault) {
    super('profile_unusable', { detail: sentences[fault] })
    this.name = 'RecipientKeyError'
    this.fault = fault
  }
}

/** @throws RecipientKeyError */
function publicKeyOf(input: string | Uint8Array): KeyObject {
  try {
    const { key, jwk } = readPublicKey(input)
    const { alg = 'RSA-OAEP-256' } = jwk ?? {}
    if (alg !== 'RSA-OAEP-256' || !isMeantFor(jwk, 'enc', ['encrypt', 'wrapKey'])) {
      throw new RecipientKeyError('wrong_use')
    }
    return key
  } catch (error) {
    throw error instanceof PublicKeyError ? new RecipientKeyError(error.fault) : error
  }
}

function canEncrypt(key: KeyObject): boolean {
  try {
    publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, Buffer.alloc(32))
    return true
  } catch {
    return false
  }
}

/**
 * Reads a recipient's public key in any form that `readPublicKey` takes; the vendor publishes its own as base64 of the DER
 * SPKI without armour. RSA only, 2,048 bits at least, a sound exponent and modulus (see rsaFault).
 *
 * @throws RecipientKeyError
 */
export function parseRecipientKey(input: string | Uint8Array): RecipientKey {
  const key = publicKeyOf(input)
  const fault = rsaFault(key)
  if (fault !== undefined) {
    throw new RecipientKeyError(fault)
  }
  // OpenSSL's own bounds (a modulus over 3,072 bits with an exponent over 64) are better found here than at the first token.
  if (!canEncrypt(key)) {
    throw new RecipientKeyError('cannot_encrypt')
  }
  return {
    pem: key.export({ type: 'spki', format: 'pem' }).toString(),
    thumbprint: rsaThumbprint(key),
    fingerprint: keyFingerprint(key),
    bits: key.asymmetricKeyDetails?.modulusLength as number,
  }
}
