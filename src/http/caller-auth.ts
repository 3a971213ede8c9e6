import fastifyJwt, { type FastifyJWTOptions } from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { PadlockError } from '../errors.ts'
import type { CallerKeys } from './caller-keys.ts'
import { type CallerAlgorithm, callerAlgorithms } from './jwk-set.ts'
import { VerifiedTokens, type VerifiedWith } from './verified-tokens.ts'

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
export interface CallerAuthOptions {
  keys: CallerKeys
  issuer: string
  audience: string
  clockToleranceSeconds: number
  /** longest life of a token, in seconds: from now, and from its `iat` if it has one */
  maxLifeSeconds: number
}

const refused = () => new PadlockError('unauthenticated')

/**
 * The one bearer token of a request (RFC 6750 §2.1). Node keeps only the first of several Authorization
 * headers, so they are counted where Node has not dropped any.
 */
function bearerToken(request: FastifyRequest): string {
  const { rawHeaders } = request.raw
  const given: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === 'authorization') given.push(rawHeaders[i + 1] as string)
  }
  const match = given.length === 1 ? /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(given[0] as string) : null
  const token = match?.[1]
  if (token === undefined || token.length > maxTokenLength) throw refused()
  return token
}

// jwk, jku, x5u and x5c would have a token bring its own key (x5t only names one, and Microsoft sends it);
// `crit` asks for an extension, and none is known here.
const refusedHeaders = ['crit', 'jku', 'jwk', 'x5u', 'x5c', 'b64', 'zip', 'enc']

function checkHeader(header: unknown): { kid?: string; alg: CallerAlgorithm } {
  if (typeof header !== 'object' || header === null) throw refused()
  const { alg, kid, typ } = header as Record<string, unknown>
  if (!callerAlgorithms.includes(alg as CallerAlgorithm)) throw refused()
  if (refusedHeaders.some((name) => name in header)) throw refused()
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > maxNameLength)) {
    throw refused()
  }
  // RFC 8725 §3.11: a JWT for another purpose says so; `at+jwt` is RFC 9068's.
  if (typ !== undefined && (typeof typ !== 'string' || !/^(application\/)?(at\+)?jwt$/i.test(typ))) {
    throw refused()
  }
  return header as { kid?: string; alg: CallerAlgorithm }
}

/** A NumericDate, which may have a fraction (RFC 7519 §2). */
const isTime = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0

/** Checks the claims that fast-jwt takes as they come: absent, of a wrong type, or absurd. */
function checkClaims(payload: unknown, options: CallerAuthOptions): Caller {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw refused()
  const { iss, aud, sub, exp, nbf, iat, scope } = payload as Record<string, unknown>
  const now = Date.now() / 1000
  const tolerance = options.clockToleranceSeconds
  const forUs = Array.isArray(aud) ? aud.includes(options.audience) : aud === options.audience
  const good =
    iss === options.issuer &&
    forUs &&
    typeof sub === 'string' &&
    sub !== '' &&
    sub.length <= maxNameLength &&
    isTime(exp) &&
    exp > now - tolerance &&
    exp <= now + options.maxLifeSeconds + tolerance &&
    (nbf === undefined || (isTime(nbf) && nbf <= now + tolerance)) &&
    (iat === undefined || (isTime(iat) && iat <= now + tolerance && exp <= iat + options.maxLifeSeconds)) &&
    (scope === undefined || typeof scope === 'string')
  if (!good) throw refused()
  return { sub: sub as string, scope: (scope as string | undefined) ?? '' }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** the key that its bearer token is verified with */
    callerKey: VerifiedWith | undefined
  }
}

/**
 * Gives the app a way to know its callers.
 *
 * @returns a function from a request to its caller. It throws PadlockError `unauthenticated`, the same for
 *   every token that is not good, or `caller_keys_unavailable`
 */
export async function callerAuth(app: FastifyInstance, options: CallerAuthOptions) {
  app.decorateRequest('callerKey', undefined)
  await app.register(fastifyJwt, {
    secret: {
      public: async (request: FastifyRequest, token: { header: unknown }) => {
        const { kid, alg } = checkHeader(token.header)
        const key = await options.keys.find(kid, alg)
        if (key === undefined) throw refused()
        request.callerKey = { kid, alg, key }
        return key
      },
    },
    decode: { complete: true },
    verify: {
      algorithms: [...callerAlgorithms],
      allowedIss: options.issuer,
      allowedAud: options.audience,
      requiredClaims: ['iss', 'aud', 'sub', 'exp'],
      clockTolerance: options.clockToleranceSeconds * 1000,
      extractToken: (request: FastifyRequest) => bearerToken(request),
    },
  } as unknown as FastifyJWTOptions)
  const verified = new VerifiedTokens()
  return async (request: FastifyRequest): Promise<Caller> => {
    try {
      const token = bearerToken(request)
      const known = verified.find(token)
      // A verdict never outlives its key.
      if (known !== undefined && (await options.keys.find(known.kid, known.alg)) === known.key) {
        return checkClaims(known.payload, options)
      }
      const payload = await request.jwtVerify()
      const caller = checkClaims(payload, options)
      verified.add(token, { ...(request.callerKey as VerifiedWith), payload })
      return caller
    } catch (error) {
      if (error instanceof PadlockError && error.code === 'caller_keys_unavailable') throw error
      // Whatever is wrong with a token, the answer is one and the same.
      throw refused()
    }
  }
}

/**
 * True when the caller may issue for a profile: by scope `issue:<profile>` or `issue:*`, or listed by it.
 *
 * @param listed the profile's `callers`
 */
export function mayIssue(caller: Caller, profile: string, listed: readonly string[] | undefined): boolean {
  const scopes = caller.scope.split(' ')
  return (
    scopes.includes(`issue:${profile}`) || scopes.includes('issue:*') || listed?.includes(caller.sub) === true
  )
}
