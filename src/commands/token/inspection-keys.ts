import type { KeyObject } from 'node:crypto'
import { usageError } from '../../cli/exit.ts'
import { readInputFile } from '../../cli/input.ts'
import type { InspectionKeys } from '../../inspection/inspect.ts'
import { keyText } from '../../keys/key-text.ts'
import { isProtected, readPrivateKey } from '../../keys/private-key.ts'
import { PublicKeyError, type ReadKey, readPublicKey } from '../../keys/public-key.ts'
import { rsaFault } from '../../keys/rsa-public-key.ts'

/** Files with keys, as the options of `padlock token inspect` name them. */
export interface KeyFiles {
  recipientKey?: string
  publicKey?: string
  jwks?: string
}

/** What `read` gives for a public key; a private key ends the command, anything else is undefined. */
function unlessPrivate(option: string, read: () => ReadKey): KeyObject | undefined {
  try {
    return read().key
  } catch (error) {
    if (!(error instanceof PublicKeyError)) {
      throw error
    }
    if (error.fault !== 'private_key') {
      return undefined
    }
    throw usageError(`${option} holds a private key; the public one is needed, and no more than that.`)
  }
}

function isPublicKey(bytes: Buffer): boolean {
  try {
    return readPublicKey(bytes) !== undefined
  } catch {
    return false
  }
}

/** The recipient's private key. */
function privateKey(bytes: Buffer): KeyObject {
  const option = '--recipient-key'
  if (isProtected(bytes)) {
    throw usageError(
      `${option} is protected by a passphrase: give it without (openssl pkey), in a file of your own.`,
    )
  }
  const key = readPrivateKey(bytes)
  if (key?.asymmetricKeyType === 'rsa') {
    return key
  }
  const why = isPublicKey(bytes)
    ? 'is a public key: only the private one decrypts'
    : 'holds no RSA private key as PEM, DER, base64 or JWK'
  throw usageError(`${option} ${why}.`)
}

/** @throws CommandError with exit code 2 for a key that RS256 is not made with */
function checked(key: KeyObject, option: string): KeyObject {
  const fault = rsaFault(key)
  if (fault === undefined) {
    return key
  }
  const why = {
    not_rsa: 'is no plain RSA key',
    too_short: 'is shorter than 2,048 bits',
    too_long: 'is longer than 8,192 bits',
    bad_exponent: 'has a bad exponent',
    bad_modulus: 'has a number that is no RSA modulus: it was cut or changed on its way',
  }
  throw usageError(`${option} ${why[fault]}: RS256 cannot be verified with it (RFC 7518 §3.3).`)
}

/** The customer's public key. */
function publicKey(bytes: Buffer): KeyObject {
  const key = unlessPrivate('--public-key', () => readPublicKey(bytes))
  if (key === undefined) {
    throw usageError('--public-key holds no public key as PEM, DER, base64, JWK or certificate.')
  }
  return checked(key, '--public-key')
}

function jwksOf(bytes: Buffer): unknown[] {
  try {
    const { keys } = JSON.parse(keyText(bytes)) as { keys?: unknown }
    return Array.isArray(keys) ? keys : []
  } catch {
    return []
  }
}

/** The RSA keys of a JWK Set (RFC 7517 §5); others are passed over. */
function keySet(bytes: Buffer): KeyObject[] {
  const usable = jwksOf(bytes)
    .map((jwk) => unlessPrivate('--jwks', () => readPublicKey(JSON.stringify(jwk))))
    .filter((key) => key?.asymmetricKeyType === 'rsa')
  if (usable.length === 0) {
    throw usageError('--jwks holds no JWK Set with an RSA key.')
  }
  return usable.map((key) => checked(key as KeyObject, '--jwks'))
}

/**
 * Reads the keys to inspect with. With a public key and a key set, the first is what iAdvize has, and the others only
 * serve to name the one that signed.
 *
 * @throws CommandError with exit code 2; no part of a key is in its message
 */
export async function inspectionKeys(files: KeyFiles): Promise<InspectionKeys> {
  const bytes = async (file: string | undefined, option: string) =>
    file === undefined ? undefined : await readInputFile(file, option)
  const recipient = await bytes(files.recipientKey, '--recipient-key')
  const single = await bytes(files.publicKey, '--public-key')
  const jwks = await bytes(files.jwks, '--jwks')
  const set = jwks === undefined ? [] : keySet(jwks)
  return {
    recipientKey: recipient === undefined ? undefined : privateKey(recipient),
    publicKeys: single === undefined ? set : [publicKey(single)],
    otherKeys: single === undefined ? [] : set,
  }
}
