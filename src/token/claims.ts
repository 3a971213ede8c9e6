import { randomBytes } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { type FieldError, PadlockError } from '../errors.ts'
import { checkUserId, type UserIdRules } from './user-id.ts'

/** The claim names of iAdvize: collision-resistant names (RFC 7519 §4.2), strings with slashes in them. */
export const userIdClaim = 'https://iadvize.com/userId'
export const visitorDataClaim = 'https://iadvize.com/visitorData'

/** Longest visitorData field in UTF-16 code units. */
export const visitorDataMaxLength = 255

const field = (description: string) => Type.Optional(Type.String({ description }))

/** What an agent sees of the visitor; every field may be left out. */
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
  },
  { additionalProperties: false, description: 'What the agent sees of the visitor' },
)
export type VisitorData = Static<typeof VisitorDataSchema>

/** What a caller asks a token for. */
export const TokenRequestSchema = Type.Object(
  {
    userId: Type.String({
      description: "The visitor's id in the shop: unique, constant, never given to another visitor",
    }),
    visitorData: Type.Optional(VisitorDataSchema),
  },
  { additionalProperties: false },
)
export type TokenRequest = Static<typeof TokenRequestSchema>

/** The part of a profile that shapes the claims. */
export interface ClaimsSettings {
  issuer: string
  tokenTtlSeconds: number
  jti?: boolean | undefined
  userIdRules: UserIdRules
}

/** The JWT claims set (RFC 7519 §4); `exp` in seconds since the epoch. */
export interface ClaimsSet {
  iss: string
  exp: number
  jti?: string
  [userIdClaim]: string
  [visitorDataClaim]?: VisitorData
}

// A line feed parts the lines of an address; no other control character belongs in any field.
const controlCharacter = /\p{Cc}/u
const controlCharacterInAddress = /[^\P{Cc}\n]/u

/** One fault for each rule that a field of visitorData breaks; values of a wrong type are passed over. */
export function visitorDataFaults(visitorData: Readonly<Record<string, unknown>>): FieldError[] {
  const errors: FieldError[] = []
  for (const name of Object.keys(VisitorDataSchema.properties)) {
    const value = visitorData[name]
    if (typeof value !== 'string') continue
    const pointer = `/visitorData/${name}`
    if (value.length > visitorDataMaxLength) {
      const detail = `The field is longer than ${visitorDataMaxLength} UTF-16 code units.`
      errors.push({ pointer, code: 'too_long', detail })
    }
    const forbidden = name === 'address' ? controlCharacterInAddress : controlCharacter
    if (!value.isWellFormed() || forbidden.test(value)) {
      const detail = 'The field holds a control character or half a surrogate pair.'
      errors.push({ pointer, code: 'invalid_character', detail })
    }
  }
  return errors
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
 * The claims set for a visitor.
 *
 * @param now milliseconds since the epoch
 * @throws PadlockError `invalid_request` with every fault of the userId and of visitorData
 */
export function claimsSet(request: TokenRequest, profile: ClaimsSettings, now: number): ClaimsSet {
  const errors = checkTokenRequest(request, profile.userIdRules)
  if (errors.length > 0) throw new PadlockError('invalid_request', { errors })
  const claims: ClaimsSet = {
    iss: profile.issuer,
    exp: Math.floor(now / 1000) + profile.tokenTtlSeconds,
    [userIdClaim]: request.userId,
  }
  // 128 random bits (RFC 7519 §4.1.7)
  if (profile.jti) claims.jti = randomBytes(16).toString('base64url')
  const given = Object.entries(request.visitorData ?? {}).filter(([, value]) => value !== '')
  if (given.length > 0) claims[visitorDataClaim] = Object.fromEntries(given)
  return claims
}
