import type { KeyObject } from 'node:crypto'
import type { PadlockError } from '../errors.ts'

/** A pinned version of an RSA signing key: its name and version in Vault, and the public part to verify with. */
export interface SigningKey {
  name: string
  version: number
  publicKey: KeyObject
  /** RFC 7638 thumbprint of the public key, base64url */
  thumbprint: string
}

/** What a signer gives back: the signature's bytes, and the version of the key that made it. */
export interface Signature {
  signature: Buffer
  keyVersion: number
}

/** How long a signature is wanted. */
export interface SignOptions {
  /** the moment by which the answer is useless, in milliseconds of performance.now() */
  deadline: number
  /** aborted when the caller has gone away */
  signal?: AbortSignal
}

/** Makes RS256 signatures (RFC 7518 §3.3) without giving the private key to this process. */
export interface Signer {
  /**
   * @param digest SHA-256 of the JWS signing input, 32 bytes
   * @throws PadlockError with a `vault_*`, `signing_key_missing`, `key_version_disabled` or `overloaded` code
   */
  sign(digest: Buffer, key: SigningKey, options: SignOptions): Promise<Signature>
}

/** A signer that can say beforehand that it has too much to do, or cannot do it now. */
export interface Admission {
  /**
   * Why a signature asked for now would not be there in time: an error with code `overloaded`, `vault_unavailable` or
   * `vault_sealed`; undefined when it can be. The caller is to be told of it: `Retry-After` grows with those who were.
   *
   * @param deadline milliseconds of performance.now()
   */
  refusal(key: SigningKey, deadline: number): PadlockError | undefined
  /** The same for a caller whom something else than the signer refuses, since there is too much to do. */
  overloaded(key: SigningKey): PadlockError
}
