import type { FaultKind } from './fault-kind.ts'

/** What can be wrong with the encryption, and with what is inside it. */
export const jweFaults = {
  not_encrypted: {
    stage: 'malformed_token',
    cause: "The JWS was sent as it is: it must be the content of a JWE for iAdvize's key.",
  },
  wrong_order: {
    stage: 'malformed_token',
    cause: 'It was encrypted and then signed; iAdvize decrypts first: sign, then encrypt.',
  },
  jwe_oaep_sha1: {
    stage: 'decryption_failed',
    cause: '`RSA-OAEP` is OAEP with SHA-1, the default of many libraries: ask for `RSA-OAEP-256`.',
  },
  jwe_alg: { stage: 'decryption_failed', cause: 'Another key management algorithm was chosen.' },
  jwe_enc: { stage: 'decryption_failed', cause: "The library's default was left: ask for `A256GCM`." },
  jwe_zip: { stage: 'decryption_failed', cause: 'Compression is on in the library: leave it off.' },
  jwe_crit: {
    stage: 'decryption_failed',
    cause: 'The header asks for an extension that iAdvize does not know.',
  },
  cty_missing: {
    stage: 'malformed_token',
    severity: 'risk',
    cause:
      'A nested JWT must say `"cty": "JWT"` (RFC 7519 §5.2): some libraries do not look for a JWS without it.',
  },
  recipient_key_size: {
    stage: 'decryption_failed',
    cause: 'It was encrypted for a key of another size, so for another key: compare the fingerprints.',
  },
  recipient_key_other: {
    stage: 'decryption_failed',
    cause: "It was encrypted for another key: the recipient's former one, or that of another environment.",
  },
  oaep_mismatch: {
    stage: 'decryption_failed',
    cause: 'The padding was left at a default: name OAEP, its hash and the hash of its MGF1.',
  },
  cek_length: {
    stage: 'decryption_failed',
    cause: 'The content key was made for another `enc`, or encoded as text.',
  },
  iv_length: { stage: 'decryption_failed', cause: "AES-GCM's IV has 96 bits (RFC 7518 §5.3)." },
  tag_length: {
    stage: 'decryption_failed',
    cause:
      "AES-GCM's tag has 128 bits (RFC 7518 §5.3); in Java it is the end of the ciphertext, to be cut off there.",
  },
  content_aad: {
    stage: 'decryption_failed',
    cause:
      'The encoded header must go into AES-GCM as additional authenticated data (RFC 7516 §5.1, step 14).',
  },
  content_damaged: {
    stage: 'decryption_failed',
    cause: 'The token was changed or cut off after it was made, or its header was exchanged.',
  },
  nested_twice: {
    stage: 'malformed_token',
    cause: 'It went through the same step twice: encrypt once, sign once.',
  },
  plain_claims: {
    stage: 'malformed_token',
    cause: 'The claims were encrypted without being signed first: a JWS must be inside the JWE.',
  },
  not_a_jws: {
    stage: 'malformed_token',
    cause: 'The JWE was made around something else than a compact JWS.',
  },
} as const satisfies Record<string, FaultKind>
