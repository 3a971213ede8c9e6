import fastifyJwt, { type FastifyJWTOptions } from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { CallerRefusedError, PadlockError } from '../../errors.ts'
import { withinDeadline } from '../overload/deadline.ts'
import type { CallerKeys } from './caller-keys.ts'
import {
  bearerToken,
  type Caller,
  type CallerRules,
  callerOf,
  claimsFault,
  headerFault,
} from './caller-token.ts'
import { type CallerAlgorithm, callerAlgorithms } from './jwk-set.ts'
import { VerifiedTokens, type VerifiedWith } from './verified-tokens.ts'

/** What callers are known by. */
export interface CallerAuthOptions extends CallerRules {
  keys: CallerKeys
}

declare module 'fastify' {
  interface FastifyRequest {
    /** the key that its bearer token is verified with */
    callerKey: VerifiedWith | undefined
  }
}

function tokenOf(request: FastifyRequest): string {
  const found = bearerToken(request.raw.rawHeaders)
  if ('fault' in found) {
    throw new CallerRefusedError(found.fault)
  }
  return found.token
}

/**
 * Gives the app a way to know its callers.
 *
 * @returns a function from a request to its caller. It throws CallerRefusedError, which is answered in the same way for
 *   every token that is not good, or PadlockError `caller_keys_unavailable`
 */
export async function callerAuth(app: FastifyInstance, options: CallerAuthOptions) {
  app.decorateRequest('callerKey', undefined)
  await app.register(fastifyJwt, {
    secret: {
      public: async (request: FastifyRequest, token: { header: unknown }) => {
        const fault = headerFault(token.header)
        if (fault !== undefined) {
          throw new CallerRefusedError(fault)
        }
        const { kid, alg } = token.header as { kid?: string; alg: CallerAlgorithm }
        const key = await options.keys.find(kid, alg)
        if (key === undefined) {
          throw new CallerRefusedError(options.keys.faultOf(kid, alg))
        }
        request.callerKey = { kid, alg, key }
        return key
      },
    },
    decode: { complete: true },
    verify: {
      algorithms: [...callerAlgorithms],
      // `claimsFault` is stricter, and the one judge of claims.
      ignoreExpiration: true,
      ignoreNotBefore: true,
      extractToken: tokenOf,
    },
  } as unknown as FastifyJWTOptions)
  const verified = new VerifiedTokens()
  const accept = (payload: unknown): Caller => {
    const fault = claimsFault(payload, options, Date.now() / 1000)
    if (fault !== undefined) {
      throw new CallerRefusedError(fault)
    }
    return callerOf(payload)
  }
  return async (request: FastifyRequest): Promise<Caller> => {
    try {
      const token = tokenOf(request)
      const known = verified.find(token)
      // A verdict never outlives its key.
      if (known !== undefined && (await options.keys.find(known.kid, known.alg)) === known.key) {
        return accept(known.payload)
      }
      const payload = await request.jwtVerify()
      const caller = accept(payload)
      verified.add(token, { ...(request.callerKey as VerifiedWith), payload })
      return caller
    } catch (error) {
      if (error instanceof PadlockError) {
        throw error
      }
      // What the library finds wrong: before it asks for the key, the form; after it, the signature.
      throw new CallerRefusedError(request.callerKey === undefined ? 'malformed' : 'signature')
    }
  }
}

/**
 * Finds out who calls. Only the callers' issuer can keep it waiting.
 *
 * @param authenticate what `callerAuth` returns
 */
export function identifyCaller(authenticate: (request: FastifyRequest) => Promise<Caller>) {
  return async (request: FastifyRequest): Promise<void> => {
    const caller = authenticate(request)
    request.caller = await withinDeadline(caller, request.deadline, 'caller_keys_unavailable')
  }
}
