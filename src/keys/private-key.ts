import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { attempt } from './attempt.ts'
import { base64Bytes, keyText, pemBlock } from './key-text.ts'

const fromDer = (der: Buffer): KeyObject | undefined =>
  attempt(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })) ??
  attempt(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs1' }))

/** True for a private key in PEM that a passphrase protects (RFC 7468 §11, RFC 1421 §4.6.1.1). */
export const isProtected = (input: string | Uint8Array): boolean =>
  /BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(keyText(input))

/**
 * Reads a private key in the forms in which public keys are read (see readPublicKey): PKCS #8 or PKCS #1 as PEM, DER or
 * base64, or a JWK.
 *
 * @returns undefined for anything else, one under a passphrase included
 */
export function readPrivateKey(input: string | Uint8Array): KeyObject | undefined {
  const text = keyText(input)
  if (text.startsWith('{')) {
    return attempt(() => createPrivateKey({ key: JSON.parse(text) as JsonWebKey, format: 'jwk' }))
  }
  const pem = pemBlock(text)
  const der = pem === undefined ? base64Bytes(text) : pem.der
  return der && fromDer(der)
}
