import type { Redis } from 'ioredis'
import type { Log } from '../../log.ts'
import { verifiedTls } from '../../outgoing/tls.ts'
import { boundAnswers, endAtOddAnswers } from './redis-answers.ts'

/** Milliseconds between two reports of a Redis that keeps failing. */
const sayMs = 60_000

/**
 * A connection to the Redis in which instances count callers together. It gives up soon, keeps nothing for
 * later, and keeps reconnecting by itself; nothing of the URL, which may hold a password, is logged.
 *
 * @param url redis:// or rediss://
 */
export async function connectRedis(url: string, log: Log): Promise<Redis> {
  // Only here: a service without Redis does not hold its client in memory. In the package, CommonJS has no names but `default`.
  const {
    default: { Redis },
  } = await import('ioredis')
  await endAtOddAnswers()
  // As the address is parsed: ioredis takes `REDISS://` for plain TCP.
  const { href, protocol } = new URL(url)
  const redis = new Redis(href, {
    ...(protocol === 'rediss:' ? { tls: verifiedTls } : {}),
    // Nothing is asked but what counts: each answer more is one more that may be odd.
    protocol: 2,
    disableClientInfo: true,
    enableReadyCheck: false,
    connectTimeout: 1_000,
    commandTimeout: 100,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, 1_000),
  })
  boundAnswers(redis)
  let saidAt = Number.NEGATIVE_INFINITY
  redis.on('error', (error: NodeJS.ErrnoException) => {
    if (performance.now() - saidAt < sayMs) {
      return
    }
    saidAt = performance.now()
    log.warn({ errorCode: error.code ?? error.name }, 'cannot reach Redis, will try again')
  })
  return redis
}
