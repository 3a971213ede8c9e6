import { createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type CallerAlgorithm, callerKey } from './jwk-set.ts'

/** The public keys of the callers' issuer. */
export interface CallerKeys {
  /**
   * The key for a token, as SPKI PEM; undefined when the issuer has no such key.
   *
   * @param kid the token's key id; it is only compared
   * @throws PadlockError `caller_keys_unavailable` when no key is known and the issuer cannot be asked
   */
  find(kid: string | undefined, alg: CallerAlgorithm): Promise<string | undefined>
  /** true when a token can be checked now */
  ready(): boolean
  start(): Promise<void>
  stop(): void
}

/** A PEM file that holds no key to verify callers with; the message says what it holds. */
export class CallerKeyFileError extends Error {
  override readonly name = 'CallerKeyFileError'
}

/**
 * An issuer's single key, from a PEM file that is read once: a public key or a certificate.
 *
 * @throws CallerKeyFileError, or an Error of the system or of OpenSSL with its `code`
 */
export async function pemCallerKeys(file: string): Promise<CallerKeys> {
  const text = await readFile(file, 'utf8')
  if (text.includes('PRIVATE KEY')) {
    throw new CallerKeyFileError('a private key: whoever reads it can be any caller; give the public key')
  }
  const key = callerKey(createPublicKey(text))
  if (key === undefined) {
    throw new CallerKeyFileError(
      'neither RSA of 2,048 bits or more, nor P-256, P-384, P-521, Ed25519 or Ed448',
    )
  }
  return {
    find: async (_kid, alg) => (key.algorithms.includes(alg) ? key.pem : undefined),
    ready: () => true,
    start: async () => {},
    stop: () => {},
  }
}
