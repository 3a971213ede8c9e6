import { hash } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Redis } from 'ioredis'
import { addressGroup } from '../../config/address-group.ts'
import { PadlockError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { memoryStore } from './memory-store.ts'
import { redisStore } from './redis-store.ts'

/** Callers and addresses that are counted at once; the one not seen longest is forgotten first. */
const counted = 10_000
/** Milliseconds for which Redis is not called after a failure, so that an outage delays no request. */
const redisPauseMs = 1_000
/** Milliseconds without a failure after which Redis counts as serving again: one that fails now and then fills no log. */
const redisSteadyMs = 3_000

/** How Redis failed, by the name of the error. */
const failures: ReadonlyMap<string, string> = new Map([
  ['OddCountError', 'an answer that is no count'],
  ['ReplyError', 'an error'],
])

export interface CallerLimitOptions {
  /** tokens' requests of one caller in a second; 0 for no limit */
  callerPerSecond: number
  /** where several instances count together; undefined for memory alone */
  redis: SharedRedis | undefined
  log: Log
}

/** The Redis in which instances count callers together. */
export interface SharedRedis {
  readonly client: Redis
  /** undefined where no caller is counted */
  serves?: boolean
}

type Count = ReturnType<FastifyInstance['createRateLimit']>

async function check(count: Count, request: FastifyRequest, cause?: PadlockError): Promise<void> {
  const verdict = await count(request)
  if (!verdict.isAllowed && verdict.isExceeded) {
    throw new PadlockError('rate_limited', { retryAfter: Math.max(1, verdict.ttlInSeconds), cause })
  }
}

/** A counter of callers, in memory or in Redis; each in a scope of its own, since the plug-in has one store. */
async function callerCount(app: FastifyInstance, max: number, redis?: Redis): Promise<Count> {
  let count: Count | undefined
  await app.register(async (scope) => {
    await scope.register(rateLimit, {
      global: false,
      ...(redis === undefined
        ? { store: memoryStore(counted) }
        : { store: redisStore(redis, 'padlock-caller-'), skipOnError: false }),
    })
    count = scope.createRateLimit({
      ...{ max, timeWindow: 1_000 },
      // Redis need not know who calls.
      keyGenerator: ({ caller }) => hash('sha256', caller.sub, 'base64url'),
    })
  })
  return count as unknown as Count
}

async function refusalCount(app: FastifyInstance, max: number): Promise<Count> {
  let count: Count | undefined
  await app.register(async (scope) => {
    await scope.register(rateLimit, { global: false, store: memoryStore(counted) })
    count = scope.createRateLimit({ max, timeWindow: 60_000, keyGenerator: ({ ip }) => addressGroup(ip) })
  })
  return count as unknown as Count
}

/**
 * Counts in Redis while it serves, and in this instance's memory while it does not: while it cannot be reached, answers
 * with an error, or with what is no count.
 */
function countWithFallback(redis: SharedRedis, shared: Count, own: Count, log: Log) {
  let failedAt: number | undefined
  redis.serves = true
  return async (request: FastifyRequest): Promise<void> => {
    if (failedAt !== undefined && performance.now() - failedAt < redisPauseMs) {
      return check(own, request)
    }
    try {
      await check(shared, request)
    } catch (error) {
      if (error instanceof PadlockError) {
        throw error
      }
      if (failedAt === undefined) {
        const reason = failures.get((error as Error).name) ?? 'no answer'
        log.warn({ reason }, 'Redis does not serve: each instance limits callers by itself')
      }
      failedAt = performance.now()
      redis.serves = false
      return check(own, request)
    }
    if (failedAt !== undefined && performance.now() - failedAt >= redisSteadyMs) {
      failedAt = undefined
      redis.serves = true
      log.info('Redis serves again: the instances limit callers together')
    }
  }
}

/**
 * Makes the limit of callers, on @fastify/rate-limit. Call it before the routes are registered.
 *
 * @returns counts a request of a caller whose token is good; throws PadlockError `rate_limited` with the seconds to wait
 */
export async function callerLimit(
  app: FastifyInstance,
  { callerPerSecond, redis, log }: CallerLimitOptions,
): Promise<(request: FastifyRequest) => Promise<void>> {
  if (callerPerSecond === 0) {
    return async () => {}
  }
  const own = await callerCount(app, callerPerSecond)
  return redis === undefined
    ? (request) => check(own, request)
    : countWithFallback(redis, await callerCount(app, callerPerSecond, redis.client), own, log)
}

/**
 * Makes the limit of refusals. Call it before the routes are registered.
 *
 * @param perMinute refusals with 401 or 404 to one address in a minute; 0 for no limit
 * @returns counts a refusal, the cause of the PadlockError `rate_limited` that it throws; it never stops a request that
 *   would have been served
 */
export async function refusalLimit(
  app: FastifyInstance,
  perMinute: number,
): Promise<(request: FastifyRequest, refusal: PadlockError) => Promise<void>> {
  if (perMinute === 0) {
    return async () => {}
  }
  const count = await refusalCount(app, perMinute)
  return (request, refusal) => check(count, request, refusal)
}
