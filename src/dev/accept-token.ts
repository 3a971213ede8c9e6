import type { KeyObject } from 'node:crypto'
import {
  calculateJwkThumbprint,
  compactDecrypt,
  compactVerify,
  decodeProtectedHeader,
  errors,
  exportJWK,
} from 'jose'
import { readClaims } from './received-claims.ts'
import { Refusal, type RefusalReason } from './refusal.ts'

/** What the recipient makes of a token. */
export type Receipt =
  | {
      accepted: true
      /** The JWE's protected header. */
      jwe: Record<string, unknown>
      /** The JWS's protected header. */
      jws: Record<string, unknown>
      claims: Record<string, unknown>
      /** RFC 7638 thumbprint of the public key that verified the signature. */
      verifiedWith: string
    }
  | { accepted: false; reason: RefusalReason; detail: string }

export interface RecipientKeys {
  /** The recipient's RSA key, which decrypts. */
  privateKey: KeyObject
  /** The customer's RSA keys, any of which may verify. */
  publicKeys: KeyObject[]
  /** The time to judge `exp` by; now, without it. */
  now?: Date
}

/**
 * Does what iAdvize says it does with a token: decrypts it, verifies it, and reads who the visitor is.
 * Source of the rules: iAdvize, "Authenticated Messaging - Important information and recommendations".
 *
 * @param token a compact JWE
 * @returns a receipt; a bad token is an answer, never an exception
 */
export async function acceptToken(token: string, keys: RecipientKeys): Promise<Receipt> {
  try {
    const { jws, header: jwe } = await decrypt(token, keys.privateKey)
    const { payload, header, verifiedWith } = await verify(jws, keys.publicKeys)
    const claims = readClaims(payload, keys.now ?? new Date())
    return { accepted: true, jwe, jws: header, claims, verifiedWith }
  } catch (error) {
    if (error instanceof Refusal) return { accepted: false, reason: error.reason, detail: error.message }
    throw error
  }
}

async function decrypt(token: string, privateKey: KeyObject) {
  if (headerOf(token, 5).enc === undefined)
    throw new Refusal('malformed_token', 'The JWE header has no "enc".')
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(token, privateKey, {
      keyManagementAlgorithms: ['RSA-OAEP-256'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return { jws: new TextDecoder().decode(plaintext), header: protectedHeader as Record<string, unknown> }
  } catch (error) {
    if (error instanceof errors.JOSEAlgNotAllowed) {
      throw new Refusal('decryption_failed', 'The JWE is not encrypted with RSA-OAEP-256 and A256GCM.')
    }
    throw new Refusal('decryption_failed', 'The JWE was not made for this recipient key, or it was changed.')
  }
}

async function verify(jws: string, publicKeys: KeyObject[]) {
  const header = headerOf(jws, 3)
  if (header.alg !== 'RS256') throw new Refusal('signature_invalid', 'The JWS is not signed with RS256.')
  for (const key of publicKeys) {
    const verified = await compactVerify(jws, key, { algorithms: ['RS256'] }).catch(() => undefined)
    if (verified) {
      const verifiedWith = await calculateJwkThumbprint(await exportJWK(key))
      return { payload: verified.payload, header, verifiedWith }
    }
  }
  throw new Refusal('signature_invalid', `None of the ${publicKeys.length} public keys verifies the JWS.`)
}

function headerOf(compact: string, parts: 3 | 5): Record<string, unknown> {
  const name = parts === 5 ? 'JWE' : 'JWS'
  if (compact.split('.').length !== parts) {
    throw new Refusal('malformed_token', `A compact ${name} has ${parts} parts, separated by dots.`)
  }
  try {
    return decodeProtectedHeader(compact) as Record<string, unknown>
  } catch {
    throw new Refusal('malformed_token', `The ${name} header cannot be read.`)
  }
}
