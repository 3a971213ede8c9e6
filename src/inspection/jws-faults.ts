import type { FaultKind } from './fault-kind.ts'

const vaultPss =
  "Vault's transit engine signs RSA with PSS unless `signature_algorithm` is `pkcs1v15`; Java and OpenSSL have a padding to choose as well."

/** What can be wrong with the signature. */
export const jwsFaults = {
  unsigned: {
    stage: 'signature_invalid',
    cause: 'The library was told to sign with nothing (`alg` `none`).',
  },
  symmetric_signature: {
    stage: 'signature_invalid',
    cause: 'A shared secret was used; iAdvize has a public key, so `RS256` is needed.',
  },
  jws_alg: {
    stage: 'signature_invalid',
    cause: 'Another kind of key or algorithm was chosen: iAdvize takes `RS256`.',
  },
  jws_crit: {
    stage: 'signature_invalid',
    cause: 'The header asks for an extension that iAdvize does not know.',
  },
  signature_pss: { stage: 'signature_invalid', cause: vaultPss },
  signature_hash: { stage: 'signature_invalid', cause: 'Another hash was chosen: RS256 signs a SHA-256.' },
  signature_double_digest: {
    stage: 'signature_invalid',
    cause:
      'A digest was given to a function that hashes its input itself: with Vault, `prehashed: true` is missing.',
  },
  signature_digest_text: {
    stage: 'signature_invalid',
    cause: "The digest's hexadecimal or base64 text was signed in place of its bytes.",
  },
  signature_wrong_input: {
    stage: 'signature_invalid',
    cause: 'What is signed is `header.payload`, both as base64url (RFC 7515 §5.1).',
  },
  signature_vault_prefix: {
    stage: 'signature_invalid',
    cause: "Vault's whole answer was taken: cut off `vault:vN:`, and ask for `marshaling_algorithm: jws`.",
  },
  signature_double_base64: {
    stage: 'signature_invalid',
    cause: "The signature's base64 text was encoded again in place of its bytes.",
  },
  signature_der: {
    stage: 'signature_invalid',
    cause: 'It is of an EC key, or in the ASN.1 form; a JWS holds the bare bytes of an RSA signature.',
  },
  signature_length: {
    stage: 'signature_invalid',
    cause: 'It is of a key of another size, or was cut off or encoded in another way.',
  },
  signature_wrong_key_version: {
    stage: 'signature_invalid',
    cause:
      'The key was rotated before iAdvize had the new public key, or the signer does not pin its version.',
  },
  signature_wrong_key: {
    stage: 'signature_invalid',
    cause:
      'Another key signed (an environment mixed up, a key created again), or the content was changed afterwards.',
  },
  kid_mismatch: {
    stage: 'signature_invalid',
    severity: 'risk',
    cause:
      'The `kid` was set by hand or not renewed at a rotation: a verifier that follows it refuses the token.',
  },
} as const satisfies Record<string, FaultKind>
