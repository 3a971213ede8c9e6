import {
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  X509Certificate,
} from 'node:crypto'
import { rsaFault } from '../../token/rsa-public-key.ts'
import type { InspectionKeys } from '../../token/inspect.ts'
import { usageError } from '../exit.ts'
import { readInputFile } from './input-file.ts'

/** Files with keys, as the options of `padlock token inspect` name them. */
export interface KeyFiles {
  recipientKey?: string
  publicKey?: string
  jwks?: string
}

const attempt = <T>(make: () => T): T | undefined => {
  try {
    return make()
  } catch {
    return undefined
  }
}

const jwkOf = (text: string): unknown => (text.startsWith('{') ? attempt(() => JSON.parse(text)) : undefined)

/** The recipient's key: PKCS#8 or PKCS#1 PEM, or a JWK. */
function privateKey(text: string): KeyObject {
  const option = '--recipient-key'
  if (/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw usageError(
      `${option} is protected by a passphrase: give it without (openssl pkey), in a file of your own.`,
    )
  }
  const jwk = jwkOf(text)
  const key =
    jwk === undefined
      ? attempt(() => createPrivateKey(text))
      : attempt(() => createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' }))
  if (key?.asymmetricKeyType === 'rsa') return key
  const isPublic =
    attempt(() => createPublicKey(text)) !== undefined || /BEGIN (PUBLIC KEY|CERTIFICATE)/.test(text)
  const why = isPublic
    ? 'is a public key: only the private one decrypts'
    : 'holds no RSA private key as PEM or JWK'
  throw usageError(`${option} ${why}.`)
}

function fromJwk(jwk: unknown, option: string): KeyObject | undefined {
  const key = jwk as JsonWebKey
  if (typeof key !== 'object' || key === null || key.kty !== 'RSA') return undefined
  if ('d' in key)
    throw usageError(`${option} holds a private key; the public one is needed, and no more than that.`)
  return attempt(() => createPublicKey({ key, format: 'jwk' }))
}

function fromText(text: string, option: string): KeyObject | undefined {
  if (/PRIVATE KEY/.test(text)) {
    throw usageError(`${option} holds a private key; the public one is needed, and no more than that.`)
  }
  const jwk = jwkOf(text)
  if (jwk !== undefined) return fromJwk(jwk, option)
  if (/BEGIN CERTIFICATE/.test(text)) return attempt(() => new X509Certificate(text).publicKey)
  if (/BEGIN/.test(text)) return attempt(() => createPublicKey(text))
  const der = Buffer.from(text.replaceAll(/\s/g, ''), 'base64')
  return attempt(() => createPublicKey({ key: der, format: 'der', type: 'spki' }))
}

/** @throws CommandError with exit code 2 for a key that RS256 is not made with */
function checked(key: KeyObject, option: string): KeyObject {
  const fault = rsaFault(key)
  if (fault === undefined) return key
  const why = {
    not_rsa: 'is no plain RSA key',
    too_short: 'is shorter than 2,048 bits',
    bad_exponent: 'has a bad exponent',
  }
  throw usageError(`${option} ${why[fault]}: RS256 cannot be verified with it (RFC 7518 §3.3).`)
}

/** The customer's public key: PEM, bare base64 SPKI, a certificate or a JWK. */
function publicKey(text: string): KeyObject {
  const key = fromText(text, '--public-key')
  if (key === undefined) throw usageError('--public-key holds no public key as PEM, base64 SPKI or JWK.')
  return checked(key, '--public-key')
}

/** The RSA keys of a JWK Set (RFC 7517 §5); others are passed over. */
function keySet(text: string): KeyObject[] {
  const { keys } = (jwkOf(text) ?? {}) as { keys?: unknown }
  const usable = Array.isArray(keys)
    ? keys.map((jwk) => fromJwk(jwk, '--jwks')).filter((key) => key !== undefined)
    : []
  if (usable.length === 0) throw usageError('--jwks holds no JWK Set with an RSA key.')
  return usable.map((key) => checked(key, '--jwks'))
}

/**
 * Reads the keys to inspect with. With a public key and a key set, the first is what iAdvize has, and the others only
 * serve to name the one that signed.
 *
 * @throws CommandError with exit code 2; no part of a key is in its message
 */
export async function inspectionKeys(files: KeyFiles): Promise<InspectionKeys> {
  const text = async (file: string | undefined, option: string) =>
    file === undefined ? undefined : (await readInputFile(file, option)).replace(/^\uFEFF/, '').trim()
  const recipient = await text(files.recipientKey, '--recipient-key')
  const single = await text(files.publicKey, '--public-key')
  const jwks = await text(files.jwks, '--jwks')
  const set = jwks === undefined ? [] : keySet(jwks)
  return {
    recipientKey: recipient === undefined ? undefined : privateKey(recipient),
    publicKeys: single === undefined ? set : [publicKey(single)],
    otherKeys: single === undefined ? [] : set,
  }
}
