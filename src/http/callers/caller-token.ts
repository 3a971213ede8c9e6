import type { CallerFault } from '../../errors.ts'
import { type CallerAlgorithm, callerAlgorithms } from './jwk-set.ts'

/** Longest bearer token in characters. */
const maxTokenLength = 8_192
/** Longest `sub` and `kid` in UTF-16 code units. */
const maxNameLength = 255

/** The caller, as its JWT says. */
export interface Caller {
  sub: string
  /** space-separated (RFC 8693 §4.2) */
  scope: string
}

/** What a caller's JWT must say. */
export interface CallerRules {
  issuer: string
  audience: string
  clockToleranceSeconds: number
  /** longest life of a token, in seconds: from now, and from its `iat` if it has one */
  maxLifeSeconds: number
}

/**
 * The one bearer token of a request (RFC 6750 §2.1), or what is wrong with it.
 *
 * @param rawHeaders names and values by turns: Node keeps only the first of several Authorization headers elsewhere
 */
export function bearerToken(rawHeaders: readonly string[]): { token: string } | { fault: CallerFault } {
  const given: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === 'authorization') {
      given.push(rawHeaders[i + 1] as string)
    }
  }
  const [header = '', ...more] = given
  if (more.length > 0) {
    return { fault: 'malformed' }
  }
  if (!/^Bearer +./i.test(header)) {
    return { fault: 'no_token' }
  }
  const [, token, signature] = /^Bearer +([\w-]+\.[\w-]+\.([\w-]+))$/i.exec(header) ?? []
  if (token === undefined || signature === undefined) {
    return { fault: 'malformed' }
  }
  if (token.length > maxTokenLength) {
    return { fault: 'too_long' }
  }
  // The one part that nobody signs: Node's decoder passes over a character too many and over bits that are left.
  const canonical = Buffer.from(signature, 'base64url').toString('base64url')
  return signature === canonical ? { token } : { fault: 'malformed' }
}

/**
 * What is wrong with a JWT's header. Nothing in it brings a key: jwk, jku, x5u, x5c and all that is not known here are
 * ignored, unless `crit` says that they must be understood (RFC 7515 §4.1.11); no extension is.
 */
export function headerFault(header: unknown): CallerFault | undefined {
  if (typeof header !== 'object' || header === null) {
    return 'malformed'
  }
  const { alg, kid, typ } = header as Record<string, unknown>
  if (!callerAlgorithms.includes(alg as CallerAlgorithm)) {
    return 'algorithm'
  }
  if ('crit' in header) {
    return 'critical_header'
  }
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > maxNameLength)) {
    return 'malformed'
  }
  // RFC 8725 §3.11: a JWT for another purpose says so; `at+jwt` is RFC 9068's.
  const isJwt = typ === undefined || (typeof typ === 'string' && /^(application\/)?(at\+)?jwt$/i.test(typ))
  return isJwt ? undefined : 'token_type'
}

/** A NumericDate, which may have a fraction (RFC 7519 §2). */
const isTime = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0

/**
 * What is wrong with a JWT's claims, the first fault of several.
 *
 * @param now seconds since the epoch
 */
export function claimsFault(payload: unknown, rules: CallerRules, now: number): CallerFault | undefined {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    return 'malformed'
  }
  const { iss, aud, sub, exp, nbf, iat } = payload as Record<string, unknown>
  const tolerance = rules.clockToleranceSeconds
  const latest = now + tolerance
  if (iss !== rules.issuer) {
    return 'issuer'
  }
  if (Array.isArray(aud) ? !aud.includes(rules.audience) : aud !== rules.audience) {
    return 'audience'
  }
  if (typeof sub !== 'string' || sub === '') {
    return 'subject_missing'
  }
  if (sub.length > maxNameLength) {
    return 'too_long'
  }
  if (typeof exp !== 'number' || !Number.isFinite(exp)) {
    return 'expiry_missing'
  }
  for (const time of [nbf, iat]) {
    if (time !== undefined && !isTime(time)) {
      return 'malformed'
    }
  }
  if (exp <= now - tolerance) {
    return 'expired'
  }
  if (Math.max((nbf as number) ?? 0, (iat as number) ?? 0) > latest) {
    return 'not_yet_valid'
  }
  const tooLong = exp > latest + rules.maxLifeSeconds || (isTime(iat) && exp > iat + rules.maxLifeSeconds)
  return tooLong ? 'life_too_long' : undefined
}

/** `scope` as a string with spaces (RFC 8693 §4.2) or as an array of strings; of any other shape it counts as none. */
function scopeOf(scope: unknown): string {
  if (typeof scope === 'string') {
    return scope
  }
  const isList = Array.isArray(scope) && scope.every((one) => typeof one === 'string' && /^\S+$/.test(one))
  return isList ? scope.join(' ') : ''
}

/** The caller of a JWT whose claims have no fault. */
export function callerOf(payload: unknown): Caller {
  const { sub, scope } = payload as { sub: string; scope?: unknown }
  return { sub, scope: scopeOf(scope) }
}
