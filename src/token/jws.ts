import { verify } from 'node:crypto'
import { PadlockError } from '../errors.ts'
import type { Signature, SigningKey } from './signer.ts'
import type { SigningInput } from './signing-input.ts'

/**
 * Joins a signing input and its signature to a compact JWS (RFC 7515 §7.1), once the signature has verified
 * as RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3) under the pinned version's public key.
 *
 * @throws PadlockError `signature_invalid` when another version signed, or the signature does not verify
 */
export function compactJws(
  input: SigningInput,
  { signature, keyVersion }: Signature,
  key: SigningKey,
): string {
  if (keyVersion !== key.version) {
    throw new PadlockError('signature_invalid', {
      detail: 'Another version of the key signed than the pinned one.',
    })
  }
  if (!verify('RSA-SHA256', Buffer.from(input.text, 'latin1'), key.publicKey, signature)) {
    throw new PadlockError('signature_invalid')
  }
  return `${input.text}.${signature.toString('base64url')}`
}
