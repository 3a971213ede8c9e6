import { CompactEncrypt, type CryptoKey } from 'jose'
import './to-base64.ts'

/** Encrypts a compact JWS to a recipient. */
export type Encrypt = (jws: string, recipientKey: CryptoKey) => Promise<string>

const encoder = new TextEncoder()

/**
 * Encrypts a compact JWS to the recipient: a nested JWT (RFC 7519 §5.2, `cty: "JWT"`) as compact JWE,
 * RSA-OAEP-256 and A256GCM as the vendor requires.
 *
 * @param jws ASCII text
 * @param recipientKey the recipient's RSA public key, imported for RSA-OAEP with SHA-256
 */
export const compactJwe: Encrypt = (jws, recipientKey) =>
  new CompactEncrypt(encoder.encode(jws))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
    .encrypt(recipientKey)
