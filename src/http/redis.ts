import type { FastifyBaseLogger } from 'fastify'
import type { Redis } from 'ioredis'

/**
 * A connection to the Redis in which instances count callers together. It gives up soon, keeps nothing for
 * later, and connects again by itself for ever; nothing of the URL, which may hold a password, is logged.
 *
 * @param url redis:// or rediss://
 */
export async function connectRedis(url: string, log: FastifyBaseLogger): Promise<Redis> {
  // Only here: whoever needs no Redis need not hold its client in memory.
  const { Redis } = await import('ioredis')
  const redis = new Redis(url, {
    connectTimeout: 1_000,
    commandTimeout: 100,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, 1_000),
  })
  let down = false
  redis.on('error', (error: NodeJS.ErrnoException) => {
    if (!down) log.warn({ errorCode: error.code ?? error.name }, 'cannot reach Redis, will try again')
    down = true
  })
  redis.on('ready', () => {
    down = false
  })
  return redis
}
