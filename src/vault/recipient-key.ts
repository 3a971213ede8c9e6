import { constants, createPublicKey, type KeyObject, publicEncrypt, X509Certificate } from 'node:crypto'
import { PadlockError } from '../errors.ts'
import { keyFingerprint, type RsaFault, rsaFault, rsaThumbprint } from '../token/rsa-public-key.ts'
import { isPrivateDer, privateMembers, saysPrivate } from './private-key-signs.ts'

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

export type RecipientKeyFault =
  | RsaFault
  | 'private_key'
  | 'not_a_key'
  | 'several_keys'
  | 'wrong_use'
  | 'cannot_encrypt'

const sentences: Record<RecipientKeyFault, string> = {
  private_key:
    'This is a PRIVATE key: treat it as compromised. Whoever has it can read every token, and it has now been in ' +
    "more places than its owner's. Tell the owner to replace it. Nothing of it was stored, sent or shown. Padlock " +
    "needs the recipient's PUBLIC key.",
  not_a_key: 'This is no public key: give PEM, base64 of a DER SPKI, a JWK, or an X.509 certificate.',
  several_keys: "There is more than one key: give the recipient's key alone.",
  wrong_use:
    'This JWK is not meant for encryption with RSA-OAEP-256 (its `use`, `key_ops` or `alg` says so).',
  cannot_encrypt: 'Nothing can be encrypted to this key: its modulus is damaged, or too large.',
  not_rsa: 'RSA-OAEP-256 needs a plain RSA key; this one is of another type (RSA-PSS keys only sign).',
  too_short: 'The RSA key is too short: 2,048 bits is the least (RFC 7518 §4.3).',
  bad_exponent:
    "The RSA key's public exponent is not an odd number from 65,537 to 2^256 (NIST SP 800-56B Rev. 2 §6.2).",
}

/** A key that is not accepted, with the reason; no part of the input is in it. */
export class RecipientKeyError extends PadlockError {
  readonly fault: RecipientKeyFault

  constructor(fault: RecipientKeyFault) {
    super('signing_key_missing', { detail: sentences[fault] })
    this.name = 'RecipientKeyError'
    this.fault = fault
  }
}

const attempt = <T>(make: () => T): T | undefined => {
  try {
    return make()
  } catch {
    return undefined
  }
}

/** DER of an unknown kind: SPKI, else a certificate; anything with a private part is told apart from noise. */
function fromDer(der: Buffer): KeyObject | undefined {
  if (isPrivateDer(der)) throw new RecipientKeyError('private_key')
  return (
    attempt(() => createPublicKey({ key: der, format: 'der', type: 'spki' })) ??
    attempt(() => new X509Certificate(der).publicKey)
  )
}

function fromPem(pem: string): KeyObject | undefined {
  const labels = Array.from(pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g), (match) => match[1])
  if (labels.length > 1) throw new RecipientKeyError('several_keys')
  const body = pem.replace(/-----[^-]*-----/g, '').replace(/\s+/g, '')
  // A label that says PUBLIC KEY above something else.
  if (isPrivateDer(Buffer.from(body, 'base64'))) throw new RecipientKeyError('private_key')
  // Only the public half is asked for: Node would take one out of a private key as well.
  if (labels[0] === 'CERTIFICATE') return attempt(() => new X509Certificate(pem).publicKey)
  return attempt(() => createPublicKey({ key: pem, format: 'pem' }))
}

function fromJwk(text: string): KeyObject | undefined {
  const jwk: unknown = attempt(() => JSON.parse(text))
  if (typeof jwk !== 'object' || jwk === null) return undefined
  const key = jwk as Record<string, unknown>
  if (Array.isArray(key.keys)) {
    const set = key.keys as unknown[]
    if (set.length !== 1) throw new RecipientKeyError('several_keys')
    return fromJwk(JSON.stringify(set[0]))
  }
  if (privateMembers.some((member) => member in key)) throw new RecipientKeyError('private_key')
  // RFC 7517 §4.2 to §4.4: what a key is for.
  const operations = key.key_ops
  const forEncryption =
    (key.use ?? 'enc') === 'enc' &&
    (key.alg ?? 'RSA-OAEP-256') === 'RSA-OAEP-256' &&
    (operations === undefined ||
      (Array.isArray(operations) && operations.some((name) => name === 'encrypt' || name === 'wrapKey')))
  if (!forEncryption) throw new RecipientKeyError('wrong_use')
  return attempt(() => createPublicKey({ key, format: 'jwk' }))
}

/** What a file holds as text; DER, which is no text, as its base64. */
function textOf(input: string | Uint8Array): string {
  if (typeof input === 'string') return input
  const bytes = Buffer.from(input)
  // PowerShell's `>` writes UTF-16 with a byte-order mark.
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le')
  const isText =
    bytes.every((byte) => byte >= 0x09 && byte !== 0x7f) && !(bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80)
  return isText ? bytes.toString('utf8') : bytes.toString('base64')
}

function publicKeyOf(text: string): KeyObject | undefined {
  if (saysPrivate(text)) throw new RecipientKeyError('private_key')
  if (text.startsWith('{')) return fromJwk(text)
  if (text.includes('-----BEGIN')) return fromPem(text)
  const base64 = text.replace(/\s+/g, '')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? fromDer(Buffer.from(base64, 'base64')) : undefined
}

/**
 * Reads a recipient's public key: PEM, base64 of a DER SPKI without armour (as the vendor publishes its own),
 * JWK or a JWK Set of one (RFC 7517), or an X.509 certificate, of which only the key counts; the last and SPKI also as
 * DER, in bytes.
 *
 * RSA only, 2,048 bits at least, a sound exponent (see rsaFault).
 *
 * @throws RecipientKeyError
 */
export function parseRecipientKey(input: string | Uint8Array): RecipientKey {
  const key = publicKeyOf(
    textOf(input)
      .replace(/^\uFEFF/, '')
      .trim(),
  )
  if (key === undefined) throw new RecipientKeyError('not_a_key')
  const fault = rsaFault(key)
  if (fault !== undefined) throw new RecipientKeyError(fault)
  // A damaged modulus is found by use alone: better here than at the first token.
  const oaep = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  if (attempt(() => publicEncrypt(oaep, Buffer.alloc(32))) === undefined) {
    throw new RecipientKeyError('cannot_encrypt')
  }
  return {
    pem: key.export({ type: 'spki', format: 'pem' }).toString(),
    thumbprint: rsaThumbprint(key),
    fingerprint: keyFingerprint(key),
    bits: key.asymmetricKeyDetails?.modulusLength as number,
  }
}
