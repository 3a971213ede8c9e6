import { readRegularFile } from '../../files/regular-file.ts'
import {
  isMeantFor,
  PublicKeyError,
  type PublicKeyFault,
  type ReadKey,
  readPublicKey,
} from '../../keys/public-key.ts'
import { type CallerAlgorithm, callerKey, type KeyFault } from './jwk-set.ts'

/** The public keys of the callers' issuer. */
export interface CallerKeys {
  /**
   * The key for a token, as SPKI PEM; undefined when the issuer has no such key.
   *
   * @param kid the token's key id; it is only compared
   * @throws PadlockError `caller_keys_unavailable` when no key is known and the issuer cannot be asked
   */
  find(kid: string | undefined, alg: CallerAlgorithm): Promise<string | undefined>
  /** Why `find` has just found no key for a token. */
  faultOf(kid: string | undefined, alg: CallerAlgorithm): KeyFault
  /** true when a token can be checked now */
  ready(): boolean
  start(): Promise<void>
  stop(): void
}

/** A file that holds no key to verify callers with; the message says what it holds, and nothing of it. */
export class CallerKeyFileError extends Error {
  override readonly name = 'CallerKeyFileError'
}

const sentences: Readonly<Record<PublicKeyFault | 'wrong_use' | 'wrong_type', string>> = {
  private_key: 'a private key: anyone who reads it can act as any caller; give the public key',
  several_keys: 'several keys: give one, or a JWK Set by PADLOCK_CALLER_JWKS_URL',
  not_a_key: 'no public key as PEM, DER, base64, JWK or certificate',
  wrong_use: 'a JWK that says in `use` or `key_ops` that it does not verify signatures',
  wrong_type: 'neither RSA of 2,048 bits or more, nor P-256, P-384, P-521, Ed25519 or Ed448',
}

function readKey(bytes: Buffer): ReadKey {
  try {
    return readPublicKey(bytes)
  } catch (error) {
    throw error instanceof PublicKeyError ? new CallerKeyFileError(sentences[error.fault]) : error
  }
}

/**
 * An issuer's single key, from a file that is read once, in any form that `readPublicKey` takes.
 *
 * @throws CallerKeyFileError, or an Error of the system with its `code`
 */
export async function fileCallerKeys(file: string): Promise<CallerKeys> {
  const { key: publicKey, jwk } = readKey(await readRegularFile(file))
  if (!isMeantFor(jwk, 'sig', ['verify'])) {
    throw new CallerKeyFileError(sentences.wrong_use)
  }
  const alg = jwk?.alg
  const key = callerKey(publicKey, undefined, typeof alg === 'string' ? alg : undefined)
  if (key === undefined) {
    throw new CallerKeyFileError(sentences.wrong_type)
  }
  return {
    find: async (_kid, alg) => (key.algorithms.includes(alg) ? key.pem : undefined),
    faultOf: () => 'algorithm',
    ready: () => true,
    start: async () => {},
    stop: () => {},
  }
}
