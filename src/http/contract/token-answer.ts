import { Type } from 'typebox'
import type { ErrorCode } from '../../errors.ts'

/** The answer to a request for a token. */
export const IssuedTokenSchema = Type.Object(
  {
    token: Type.String({ description: 'compact JWE (RFC 7516 §7.1) for the browser tag' }),
    issuedAt: Type.String({ format: 'date-time', description: 'RFC 3339, UTC' }),
    expiresAt: Type.String({ format: 'date-time', description: 'RFC 3339, UTC' }),
    expiresIn: Type.Integer({ description: 'seconds' }),
    keyVersion: Type.Integer({ description: 'version of the signing key in Vault' }),
    auditId: Type.String({
      description: "base64url SHA-256 of the JWS signing input, to find the token in Vault's log",
    }),
  },
  {
    title: 'IssuedToken',
    description: 'A token for this visitor',
    examples: [
      {
        token: 'eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIiwiY3R5IjoiSldUIn0.…',
        issuedAt: '2026-01-31T12:00:00Z',
        expiresAt: '2026-01-31T12:01:00Z',
        expiresIn: 60,
        keyVersion: 1,
        auditId: 'qY2Dm0cN8oTzM5xB4vKfJ7hWsLr1uEgPbXaCiQdRtVw',
      },
    ],
  },
)

/** What else it may be answered with, beside what any request may. */
export const tokenErrorCodes: readonly ErrorCode[] = [
  'invalid_json',
  'unauthenticated',
  'forbidden',
  'profile_not_found',
  'not_acceptable',
  'user_id_shared',
  'unsupported_media_type',
  'signature_invalid',
  'vault_unavailable',
  'vault_sealed',
  'vault_denied',
  'vault_throttled',
  'signing_key_missing',
  'profile_unusable',
  'key_version_disabled',
  'caller_keys_unavailable',
  'issuance_log_unavailable',
  'overloaded',
  'shutting_down',
  'vault_timeout',
]
