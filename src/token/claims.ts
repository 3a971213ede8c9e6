import { randomBytes } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { type FieldError, PadlockError } from '../errors.ts'
import { checkUserId, type UserIdRules, userIdMaxLength } from './user-id.ts'
import {
  userIdClaim,
  type VisitorDataField,
  visitorDataClaim,
  visitorDataFaults,
  visitorDataMaxLength,
} from './visitor-data.ts'

const field = (description: string) =>
  Type.Optional(Type.String({ description, maxLength: visitorDataMaxLength }))

/**
 * What an agent sees of the visitor; every field may be left out. Lengths stand here for readers: `checkTokenRequest`
 * judges them, in UTF-16 code units, which JSON Schema does not count.
 */
export const VisitorDataSchema = Type.Object(
  {
    address: field('Postal address; may hold line feeds'),
    city: field('City'),
    country: field('Country'),
    email: field('E-mail address'),
    firstName: field('First name'),
    lastName: field('Last name'),
    phoneNumber: field('Telephone number'),
    zipCode: field('Postal code'),
  } satisfies Record<VisitorDataField, object>,
  { title: 'VisitorData', additionalProperties: false, description: 'What the agent sees of the visitor' },
)
export type VisitorData = Static<typeof VisitorDataSchema>

/** What a caller asks a token for. */
export const TokenRequestSchema = Type.Object(
  {
    userId: Type.String({
      description: "The visitor's id in the shop: unique, constant, never given to another visitor",
      minLength: 1,
      maxLength: userIdMaxLength,
    }),
    visitorData: Type.Optional(VisitorDataSchema),
  },
  {
    title: 'TokenRequest',
    additionalProperties: false,
    examples: [
      { userId: 'customer-8714' },
      { userId: 'customer-8714', visitorData: { firstName: 'Jane', city: 'Nantes' } },
    ],
  },
)
export type TokenRequest = Static<typeof TokenRequestSchema>

declare const isChecked: unique symbol
/** A request that breaks no rule. Only `checkedTokenRequest` returns one, so that no other reaches a signature. */
export type CheckedTokenRequest = TokenRequest & { readonly [isChecked]: true }

/** The part of a profile that shapes the claims. */
export interface ClaimsSettings {
  issuer: string
  tokenTtlSeconds: number
  jti?: boolean | undefined
}

/** The JWT claims set (RFC 7519 §4); `exp` in seconds since the epoch. */
export interface ClaimsSet {
  iss: string
  exp: number
  jti?: string
  [userIdClaim]: string
  [visitorDataClaim]?: VisitorData
}

/**
 * Checks what the schema cannot say: the rules of a userId and of visitorData.
 * Values of a wrong type are passed over: the schema has named them.
 *
 * @returns one fault for each rule that is broken
 */
export function checkTokenRequest(
  request: Readonly<Record<string, unknown>>,
  rules: UserIdRules,
): FieldError[] {
  const { userId, visitorData } = request
  const errors = typeof userId === 'string' ? checkUserId(userId, rules) : []
  if (typeof visitorData === 'object' && visitorData !== null) {
    errors.push(...visitorDataFaults(visitorData as Record<string, unknown>))
  }
  return errors
}

/**
 * A request that is as the schema says, once it breaks no other rule either.
 *
 * @throws PadlockError `invalid_request` with every fault of the userId and of visitorData
 */
export function checkedTokenRequest(request: TokenRequest, rules: UserIdRules): CheckedTokenRequest {
  const errors = checkTokenRequest(request, rules)
  if (errors.length > 0) {
    throw new PadlockError('invalid_request', { errors })
  }
  return request as CheckedTokenRequest
}

/**
 * The claims set for a visitor.
 *
 * @param now milliseconds since the epoch
 */
export function claimsSet(request: CheckedTokenRequest, profile: ClaimsSettings, now: number): ClaimsSet {
  const claims: ClaimsSet = {
    iss: profile.issuer,
    exp: Math.floor(now / 1000) + profile.tokenTtlSeconds,
    [userIdClaim]: request.userId,
  }
  // 128 random bits (RFC 7519 §4.1.7)
  if (profile.jti) {
    claims.jti = randomBytes(16).toString('base64url')
  }
  const given = Object.entries(request.visitorData ?? {}).filter(([, value]) => value !== '')
  if (given.length > 0) {
    claims[visitorDataClaim] = Object.fromEntries(given)
  }
  return claims
}
