import { Refusal } from './refusal.ts'

const USER_ID = 'https://iadvize.com/userId'
const VISITOR_DATA = 'https://iadvize.com/visitorData'

/**
 * Reads the claims of a verified token: `iss`, `exp` and the userId must be there, and visitorData may be.
 * Source of the rules: iAdvize's page on authenticated messaging; RFC 7519 for `exp`.
 *
 * @param payload what the signature covers
 * @param now the time to judge `exp` by
 * @throws Refusal `expired` or `claims_invalid`
 */
export function readClaims(payload: Uint8Array, now: Date): Record<string, unknown> {
  const claims = parseObject(payload)
  const { exp, iss } = claims
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw invalid('"exp" is not a number.')
  // RFC 7519, 4.1.4: not to be accepted on or after this time.
  if (exp * 1000 <= now.getTime()) throw new Refusal('expired', 'The token has expired.')
  if (typeof iss !== 'string' || iss === '') throw invalid('"iss" is not a text.')
  const userId = claims[USER_ID]
  if (typeof userId !== 'string' || userId.length < 1 || userId.length > 255) {
    throw invalid(`"${USER_ID}" is not a text of 1 to 255 characters.`)
  }
  const visitorData = claims[VISITOR_DATA]
  if (visitorData !== undefined && !isObjectOfStrings(visitorData)) {
    throw invalid(`"${VISITOR_DATA}" is not an object of texts.`)
  }
  return claims
}

function parseObject(payload: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    if (isObject(value)) return value
  } catch {
    // Told below, in the same words as for an array or a number.
  }
  throw invalid('The claims are not a JSON object.')
}

function invalid(detail: string): Refusal {
  return new Refusal('claims_invalid', detail)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isObjectOfStrings(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((field) => typeof field === 'string')
}
