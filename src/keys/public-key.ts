import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { attempt } from './attempt.ts'
import { base64Bytes, keyText, pemBlock } from './key-text.ts'
import { isPrivateDer, privateMembers, saysPrivate } from './private-key-marks.ts'

/** Why no public key can be read. */
export type PublicKeyFault = 'private_key' | 'not_a_key' | 'several_keys'

/** No single public key is in what was given; no part of it is in the message. */
export class PublicKeyError extends Error {
  override readonly name = 'PublicKeyError'
  readonly fault: PublicKeyFault

  constructor(fault: PublicKeyFault) {
    super(fault)
    this.fault = fault
  }
}

/** A public key of any type, and the JWK that it came as: its `use`, `key_ops` and `alg` say what it is for. */
export interface ReadKey {
  key: KeyObject
  jwk?: Readonly<Record<string, unknown>> | undefined
}

/** Whole DER and nothing behind it (X.690 §8.1.3): OpenSSL passes over what follows. */
function isWhole(der: Buffer): boolean {
  const [tag, first = 0] = der
  if (tag !== 0x30) {
    return false
  }
  if (first < 0x80) {
    return der.length === 2 + first
  }
  const lengthBytes = first & 0x7f
  if (lengthBytes === 0 || lengthBytes > 4 || der.length < 2 + lengthBytes) {
    return false
  }
  return der.length === 2 + lengthBytes + der.readUIntBE(2, lengthBytes)
}

/** DER of an unknown kind: SPKI, PKCS #1, else a certificate; anything with a private part is distinguished from noise. */
function fromDer(der: Buffer): KeyObject | undefined {
  if (isPrivateDer(der)) {
    throw new PublicKeyError('private_key')
  }
  if (!isWhole(der)) {
    return undefined
  }
  return (
    attempt(() => createPublicKey({ key: der, format: 'der', type: 'spki' })) ??
    attempt(() => createPublicKey({ key: der, format: 'der', type: 'pkcs1' })) ??
    attempt(() => new X509Certificate(der).publicKey)
  )
}

const publicLabels = [
  'PUBLIC KEY',
  'RSA PUBLIC KEY',
  'CERTIFICATE',
  'X509 CERTIFICATE',
  'TRUSTED CERTIFICATE',
]

/** PEM: of its armour only the label counts. */
function fromPem(label: string, der: Buffer | undefined): KeyObject | undefined {
  if (der === undefined) {
    return undefined
  }
  // Before the label is looked at: one that says PUBLIC KEY may stand above something else.
  const key = fromDer(der)
  return publicLabels.includes(label) ? key : undefined
}

function fromJwk(value: unknown): ReadKey | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined
  }
  const jwk = value as Record<string, unknown>
  if (Array.isArray(jwk.keys)) {
    // RFC 7517 §5
    if (jwk.keys.some((key) => isPrivateJwk(key))) {
      throw new PublicKeyError('private_key')
    }
    if (jwk.keys.length !== 1) {
      throw new PublicKeyError('several_keys')
    }
    return fromJwk(jwk.keys[0])
  }
  if (isPrivateJwk(jwk)) {
    throw new PublicKeyError('private_key')
  }
  const key = attempt(() => createPublicKey({ key: jwk, format: 'jwk' }))
  return key && { key, jwk }
}

const isPrivateJwk = (jwk: unknown): boolean =>
  typeof jwk === 'object' && jwk !== null && privateMembers.some((member) => member in jwk)

function fromText(text: string): ReadKey | undefined {
  if (saysPrivate(text)) {
    throw new PublicKeyError('private_key')
  }
  if (text.startsWith('{')) {
    return fromJwk(attempt(() => JSON.parse(text)))
  }
  if (text.split('-----BEGIN ').length > 2) {
    throw new PublicKeyError('several_keys')
  }
  const pem = pemBlock(text)
  const bytes = pem === undefined ? base64Bytes(text) : undefined
  const key = pem && fromPem(pem.label, pem.der)
  if (key !== undefined) {
    return { key }
  }
  if (bytes === undefined) {
    return undefined
  }
  // Base64 around a whole text, as in a Secret of Kubernetes.
  if (/^(?:-----|\{)/.test(bytes.toString('latin1', 0, 5))) {
    return fromText(keyText(bytes))
  }
  const bare = fromDer(bytes)
  return bare && { key: bare }
}

/**
 * Reads one public key as vendors and colleagues hand it over: PEM (SPKI, PKCS #1 or an X.509 certificate, of which only
 * the key counts), the same as DER or as base64 without armour, a JWK, or a JWK Set of one (RFC 7517); on one line, with
 * literal `\n`, indented, in quotes, in UTF-16, or base64 around the whole.
 *
 * @param input a file's bytes, or a text
 * @returns a key of any type; its strength is not judged here
 * @throws PublicKeyError `private_key`, `several_keys`, or `not_a_key`
 */
export function readPublicKey(input: string | Uint8Array): ReadKey {
  const found = fromText(keyText(input))
  if (found === undefined) {
    throw new PublicKeyError('not_a_key')
  }
  return found
}

/** False where a JWK says that it is for something else (RFC 7517 §4.2 to §4.4); a member that is absent allows all. */
export function isMeantFor(jwk: ReadKey['jwk'], use: 'sig' | 'enc', operations: readonly string[]): boolean {
  if (jwk === undefined) {
    return true
  }
  const { use: said = use, key_ops: allowed } = jwk
  if (said !== use) {
    return false
  }
  return (
    allowed === undefined || (Array.isArray(allowed) && allowed.some((name) => operations.includes(name)))
  )
}
