import { constants, createHmac, type KeyObject, type SignKeyObjectInput, sign } from 'node:crypto'

const encoded = (value: unknown): string =>
  (typeof value === 'string' || value instanceof Uint8Array
    ? Buffer.from(value)
    : Buffer.from(JSON.stringify(value))
  ).toString('base64url')

/** How the last part of a forged JWT is made. */
export type ForgedSignature = (input: Buffer) => Buffer

/** A compact JWS of whatever is given: objects as JSON, strings and bytes as they are. No library would make it. */
export function forgeJwt(header: unknown, payload: unknown, signature: ForgedSignature): string {
  const input = `${encoded(header)}.${encoded(payload)}`
  return `${input}.${signature(Buffer.from(input)).toString('base64url')}`
}

export const rsaSigned =
  (key: KeyObject, hash = 'sha256'): ForgedSignature =>
  (input) =>
    sign(hash, input, key)

export const pssSigned =
  (key: KeyObject): ForgedSignature =>
  (input) => {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    return sign('sha256', input, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST })
  }

/** @param dsaEncoding RFC 7518 §3.4 has `ieee-p1363`; `der` is what OpenSSL makes by itself */
export const ecSigned =
  (key: KeyObject, dsaEncoding: SignKeyObjectInput['dsaEncoding'] = 'ieee-p1363'): ForgedSignature =>
  (input) =>
    sign('sha256', input, { key, dsaEncoding })

export const edSigned =
  (key: KeyObject): ForgedSignature =>
  (input) =>
    sign(null, input, key)

export const hmacSigned =
  (secret: string | Buffer, hash = 'sha256'): ForgedSignature =>
  (input) =>
    createHmac(hash, secret).update(input).digest()

export const unsigned: ForgedSignature = () => Buffer.alloc(0)
