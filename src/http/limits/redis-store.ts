import type {
  FastifyRateLimitOptions,
  FastifyRateLimitStore,
  FastifyRateLimitStoreCtor,
} from '@fastify/rate-limit'
import type { Redis } from 'ioredis'

/** More requests of one caller in a window than any service gets: a larger count is no count. */
const mostInWindow = 1_000_000_000

/** An answer of Redis that is no count of requests. */
export class OddCountError extends Error {
  override readonly name = 'OddCountError'
}

// A count without a time to live would stay forever: it gets one again, and is reported as it was found.
const script = `
local count = redis.call('INCR', KEYS[1])
local ttl = redis.call('PTTL', KEYS[1])
if ttl < 0 or ttl > tonumber(ARGV[1]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  if count == 1 then ttl = tonumber(ARGV[1]) end
end
return {count, ttl}`

type CountingRedis = Redis & { countRequest(key: string, windowMs: number): Promise<unknown> }

const isIntegerWithin = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most

/**
 * Redis's answer as a count.
 *
 * @param windowMs the longest time to live
 * @throws OddCountError for anything but a count with the milliseconds that it has left
 */
export function countOf(answer: unknown, windowMs: number): { current: number; ttl: number } {
  const [current, ttl, ...more] = Array.isArray(answer) ? answer : []
  const good =
    isIntegerWithin(current, 1, mostInWindow) && isIntegerWithin(ttl, 0, windowMs) && more.length === 0
  if (!good) {
    throw new OddCountError('Redis did not answer with a count and its time to live')
  }
  return { current, ttl }
}

/**
 * A store of @fastify/rate-limit that counts in Redis and believes no odd answer; the plug-in's own reads fields of
 * whatever comes, where an exception ends the process.
 *
 * @param prefix of the keys
 */
export function redisStore(redis: Redis, prefix: string): FastifyRateLimitStoreCtor {
  redis.defineCommand('countRequest', { numberOfKeys: 1, lua: script })
  return class RedisStore implements FastifyRateLimitStore {
    // biome-ignore lint/complexity/noUselessConstructor: the plug-in gives its options to every store.
    constructor(_options: FastifyRateLimitOptions) {}

    incr(
      key: string,
      callback: (error: Error | null, count?: { current: number; ttl: number }) => void,
      windowMs: number,
    ): void {
      ;(redis as CountingRedis)
        .countRequest(prefix + key, windowMs)
        .then((answer) => countOf(answer, windowMs))
        .then((count) => callback(null, count), callback)
    }

    child(): FastifyRateLimitStore {
      return this
    }
  }
}
