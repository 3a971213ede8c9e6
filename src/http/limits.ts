import { hash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import type { Redis } from 'ioredis'
import { PadlockError } from '../errors.ts'
import { addressGroup } from './address-group.ts'

/** Callers and addresses that are counted at once; the one not seen longest is forgotten first. */
const counted = 10_000
/** After a failure Redis is left alone for so long, so that an outage costs nobody a wait. */
const redisPauseMs = 1_000

export interface LimitsOptions {
  /** tokens' requests of one caller in a second; 0 for no limit */
  callerPerSecond: number
  /** refusals with 401 or 404 to one address in a minute; 0 for no limit */
  refusalsPerMinute: number
  /** where several instances count together; undefined for memory alone */
  redis: Redis | undefined
  log: FastifyBaseLogger
  /** told when Redis begins or ends to serve */
  redisServes(serves: boolean): void
}

/** The limits of the service; each throws PadlockError `rate_limited` with the seconds to wait. */
export interface Limits {
  /** counts a request of a caller whose token is good, by the `sub` of its outcome */
  caller(request: FastifyRequest): Promise<void>
  /** counts a refusal; it never stops a request that would have been served */
  refusal(request: FastifyRequest): Promise<void>
}

type Count = ReturnType<FastifyInstance['createRateLimit']>

async function check(count: Count, request: FastifyRequest): Promise<void> {
  const verdict = await count(request)
  if (!verdict.isAllowed && verdict.isExceeded) {
    throw new PadlockError('rate_limited', { retryAfter: Math.max(1, verdict.ttlInSeconds) })
  }
}

/** A counter of callers, in memory or in Redis; each in a scope of its own, since the plug-in has one store. */
async function callerCount(app: FastifyInstance, max: number, redis?: Redis): Promise<Count> {
  let count: Count | undefined
  await app.register(async (scope) => {
    await scope.register(rateLimit, {
      ...{ global: false, cache: counted },
      ...(redis === undefined ? {} : { redis, nameSpace: 'padlock-caller-', skipOnError: false }),
    })
    count = scope.createRateLimit({
      ...{ max, timeWindow: 1_000 },
      // Redis need not know who calls.
      keyGenerator: ({ outcome }) => hash('sha256', outcome.sub as string, 'base64url'),
    })
  })
  return count as unknown as Count
}

async function refusalCount(app: FastifyInstance, max: number): Promise<Count> {
  let count: Count | undefined
  await app.register(async (scope) => {
    await scope.register(rateLimit, { global: false, cache: counted })
    count = scope.createRateLimit({ max, timeWindow: 60_000, keyGenerator: ({ ip }) => addressGroup(ip) })
  })
  return count as unknown as Count
}

/** Counts in Redis while it serves, and in this instance's memory while it does not. */
function countWithFallback(shared: Count, own: Count, { log, redisServes }: LimitsOptions) {
  let pausedUntil = 0
  redisServes(true)
  return async (request: FastifyRequest): Promise<void> => {
    const now = performance.now()
    if (now < pausedUntil) return check(own, request)
    try {
      await check(shared, request)
    } catch (error) {
      if (error instanceof PadlockError) throw error
      if (pausedUntil === 0) log.warn('Redis does not serve: each instance limits callers by itself')
      pausedUntil = now + redisPauseMs
      redisServes(false)
      return check(own, request)
    }
    if (pausedUntil !== 0) {
      pausedUntil = 0
      redisServes(true)
      log.info('Redis serves again: the instances limit callers together')
    }
  }
}

/** Makes the limits, on @fastify/rate-limit. Call it before the routes are registered. */
export async function createLimits(app: FastifyInstance, options: LimitsOptions): Promise<Limits> {
  const { callerPerSecond, refusalsPerMinute, redis } = options
  const nothing = async () => {}
  let caller: (request: FastifyRequest) => Promise<void> = nothing
  if (callerPerSecond > 0) {
    const own = await callerCount(app, callerPerSecond)
    caller =
      redis === undefined
        ? (request) => check(own, request)
        : countWithFallback(await callerCount(app, callerPerSecond, redis), own, options)
  }
  let refusal: (request: FastifyRequest) => Promise<void> = nothing
  if (refusalsPerMinute > 0) {
    const count = await refusalCount(app, refusalsPerMinute)
    refusal = (request) => check(count, request)
  }
  return { caller, refusal }
}
