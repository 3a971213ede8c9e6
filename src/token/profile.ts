import type { CryptoKey } from 'jose'
import { type Static, Type } from 'typebox'
import { longestTokenTtlSeconds, signingKeyNamePattern } from './names.ts'
import type { SigningKey } from './signer.ts'
import type { UserIdRules } from './user-id.ts'

/** Names of transit keys: the prefix is what the signer's policy covers. */
export const SigningKeyNameSchema = Type.String({ pattern: signingKeyNamePattern })

const thumbprint = '^[A-Za-z0-9_-]{43}$'
const version = () => Type.Integer({ minimum: 1 })

/** What is left out is as in `sharedUserIdDefaults`. */
const SharedUserIdSchema = Type.Object(
  {
    // A smaller share is too near to what the counts may miss (recent-counts.ts).
    share: Type.Optional(
      Type.Number({
        minimum: 0.002,
        maximum: 1,
        description: 'An id is over when more than this part of the recent requests carries it; 1: no alarm',
      }),
    ),
    minimum: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'and when so many do in ten minutes, or four times as many in six hours',
      }),
    ),
    refuse: Type.Optional(
      Type.Boolean({ description: 'true: such an id gets no token while the alarm lasts' }),
    ),
  },
  { additionalProperties: false },
)

/** A profile as it stands in Vault's KV store. */
export const ProfileSettingsSchema = Type.Object(
  {
    issuer: Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'The `iss` claim, as agreed with iAdvize',
    }),
    signingKey: SigningKeyNameSchema,
    signingKeyVersion: version(),
    tokenTtlSeconds: Type.Integer({ minimum: 1, maximum: longestTokenTtlSeconds, default: 60 }),
    recipientKeys: Type.Record(
      Type.String({ pattern: thumbprint }),
      Type.Object({
        publicKey: Type.String({ description: 'SPKI PEM' }),
        addedAt: Type.Optional(Type.String()),
        addedBy: Type.Optional(Type.String()),
      }),
      { minProperties: 1, description: "The recipient's public keys by RFC 7638 thumbprint" },
    ),
    activeRecipientKey: Type.String({ pattern: thumbprint }),
    previousSigningKeyVersion: Type.Optional(version()),
    activatedAt: Type.String({ description: 'When the pinned version was activated, RFC 3339' }),
    activatedBy: Type.String({ description: 'The display name of the operator who did it' }),
    changedBy: Type.Optional(
      Type.String({ description: 'The display name of the operator who wrote this version' }),
    ),
    userIdPattern: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    userIdPlaceholders: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 255 }))),
    allowedUserIds: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 255 }))),
    sharedUserId: Type.Optional(SharedUserIdSchema),
    callers: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 255 }))),
    jwsHeader: Type.Optional(
      Type.Object(
        {
          kid: Type.Optional(Type.Boolean()),
          typ: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
        },
        { additionalProperties: false },
      ),
    ),
    jti: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)
export type ProfileSettings = Static<typeof ProfileSettingsSchema>

/** A profile that can sign: its settings, with its keys loaded and its rules compiled. */
export interface Profile extends ProfileSettings {
  name: string
  pinnedKey: SigningKey
  /** active recipient key, imported for RSA-OAEP-256 */
  recipientKey: CryptoKey
  userIdRules: UserIdRules
}
