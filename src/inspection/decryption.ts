import { createDecipheriv, type KeyObject } from 'node:crypto'
import { compactDecrypt } from 'jose'
import type { CompactParts } from './compact-parts.ts'
import type { FaultList } from './faults.ts'
import { readKeyTransport } from './key-transport.ts'

/** Every RSA-OAEP, so that the contents can be reported although the algorithm is the wrong one. */
const readable = ['RSA-OAEP-256', 'RSA-OAEP', 'RSA-OAEP-384', 'RSA-OAEP-512']
/** Bytes of the content key (RFC 7518 §5). */
const contentKeyBytes: Readonly<Record<string, number>> = {
  A128GCM: 16,
  A192GCM: 24,
  A256GCM: 32,
  'A128CBC-HS256': 32,
  'A192CBC-HS384': 48,
  'A256CBC-HS512': 64,
}
const oaepName: Readonly<Record<string, string>> = {
  'RSA-OAEP': 'OAEP with SHA-1',
  'RSA-OAEP-256': 'OAEP with SHA-256',
  'RSA-OAEP-384': 'OAEP with SHA-384',
  'RSA-OAEP-512': 'OAEP with SHA-512',
}

/** A header's value, fit for a message: what is no plain name is not repeated. */
export const named = (value: unknown): string =>
  typeof value === 'string' && /^[\w.+-]{1,40}$/.test(value) ? value : 'something else'

/** Names what the header asks for and iAdvize does not take. */
export function checkJweHeader(header: Readonly<Record<string, unknown>>, findings: FaultList): void {
  const { alg, enc, cty } = header
  if (alg === 'RSA-OAEP') {
    findings.add('jwe_oaep_sha1', 'The JWE says "RSA-OAEP", not "RSA-OAEP-256".')
  } else if (alg !== 'RSA-OAEP-256') {
    findings.add('jwe_alg', `The JWE says "alg" ${named(alg)}, not RSA-OAEP-256.`)
  }
  if (enc !== 'A256GCM') {
    findings.add('jwe_enc', `The JWE says "enc" ${named(enc)}, not A256GCM.`)
  }
  if ('zip' in header) {
    findings.add('jwe_zip', 'The content of the JWE is compressed ("zip").')
  }
  if ('crit' in header) {
    findings.add('jwe_crit', 'The JWE has a "crit" header.')
  }
  // RFC 7519 §5.2: upper case is recommended, other case is the same.
  if (typeof cty !== 'string' || cty.toUpperCase() !== 'JWT') {
    findings.add(
      'cty_missing',
      `The JWE header ${cty === undefined ? 'has no "cty"' : 'says another "cty"'}.`,
    )
  }
}

/** Decrypts A256GCM with or without the additional data; undefined where the tag does not fit. */
function gcm(key: Buffer, parts: readonly Buffer[], aad: Buffer | undefined): Buffer | undefined {
  const [, , iv, ciphertext, tag] = parts as [Buffer, Buffer, Buffer, Buffer, Buffer]
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAuthTag(tag)
    if (aad) {
      decipher.setAAD(aad)
    }
    return Buffer.concat([decipher.update(ciphertext), decipher.final()])
  } catch {
    return undefined
  }
}

/** Names why a JWE did not decrypt; returns the content where it can be had all the same. */
function diagnose(
  { parts, header }: CompactParts,
  key: KeyObject,
  findings: FaultList,
): Uint8Array | undefined {
  const bytes = parts.map((part) => Buffer.from(part, 'base64url'))
  const [, encryptedKey, iv, , tag] = bytes as [Buffer, Buffer, Buffer, Buffer, Buffer]
  const modulus = Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8)
  if (encryptedKey.length !== modulus) {
    const detail = `The encrypted key has ${encryptedKey.length} bytes, and the recipient's key makes ${modulus}.`
    findings.add('recipient_key_size', detail)
    return undefined
  }
  const transport = readKeyTransport(encryptedKey, key)
  if (transport === undefined) {
    findings.add('recipient_key_other', "The JWE does not decrypt with the recipient's key.")
    return undefined
  }
  const { padding, contentKey } = transport
  const expected = oaepName[String(header.alg)]
  // One that the header names was reported with the header.
  if (padding !== expected && readable.includes(String(header.alg))) {
    findings.add(
      'oaep_mismatch',
      `The header says ${named(header.alg)}, but the key is encrypted with ${padding}.`,
    )
  }
  const wanted = contentKeyBytes[String(header.enc)]
  if (wanted !== undefined && contentKey.length !== wanted) {
    findings.add(
      'cek_length',
      `The content key has ${contentKey.length} bytes; ${named(header.enc)} needs ${wanted}.`,
    )
    return undefined
  }
  if (header.enc !== 'A256GCM') {
    if (padding === expected) {
      findings.add('content_damaged', 'The content of the JWE does not fit its tag.')
    }
    return undefined
  }
  if (iv.length !== 12) {
    findings.add('iv_length', `The initialization vector has ${8 * iv.length} bits.`)
  }
  if (tag.length !== 16) {
    findings.add('tag_length', `The authentication tag has ${8 * tag.length} bits.`)
  }
  if (iv.length === 0 || tag.length !== 16) {
    return undefined
  }
  const content = gcm(contentKey, bytes, Buffer.from(parts[0] as string))
  if (content) {
    return content
  }
  const withoutAad = gcm(contentKey, bytes, undefined)
  if (withoutAad) {
    findings.add('content_aad', 'The header is not part of what the tag covers.')
  } else {
    findings.add('content_damaged', 'The content of the JWE does not fit its tag.')
  }
  return withoutAad
}

/**
 * Decrypts a JWE with any RSA-OAEP and content encryption; where that fails, says why.
 *
 * @returns the content, where it can be had
 */
export async function decryptJwe(
  jwe: CompactParts,
  key: KeyObject,
  findings: FaultList,
): Promise<Uint8Array | undefined> {
  try {
    const options = { keyManagementAlgorithms: readable }
    return (await compactDecrypt(jwe.parts.join('.'), key, options)).plaintext
  } catch {
    // What the header asks for was named already.
    if ('crit' in jwe.header || 'zip' in jwe.header || !/^RSA/.test(String(jwe.header.alg))) {
      return undefined
    }
    return diagnose(jwe, key, findings)
  }
}
