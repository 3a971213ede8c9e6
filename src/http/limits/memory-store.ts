import type {
  FastifyRateLimitOptions,
  FastifyRateLimitStore,
  FastifyRateLimitStoreCtor,
} from '@fastify/rate-limit'
import { LruMap } from 'toad-cache'

/**
 * A store of @fastify/rate-limit that counts in memory, in windows of monotonic time. The plug-in's own goes by the
 * system's clock: after that was set back, a window would last until the clock is there again, and refuse every caller.
 *
 * @param capacity keys that are counted at once; the one not seen longest is forgotten first
 */
export function memoryStore(capacity: number): FastifyRateLimitStoreCtor {
  return class MemoryStore implements FastifyRateLimitStore {
    /** since: milliseconds of performance.now() */
    readonly #counts = new LruMap<{ current: number; since: number }>(capacity)

    // biome-ignore lint/complexity/noUselessConstructor: the plug-in gives its options to every store.
    constructor(_options: FastifyRateLimitOptions) {}

    incr(
      key: string,
      callback: (error: Error | null, count?: { current: number; ttl: number }) => void,
      windowMs: number,
    ): void {
      const now = performance.now()
      const known = this.#counts.get(key)
      const { current, since } =
        known !== undefined && now - known.since < windowMs ? known : { current: 0, since: now }
      this.#counts.set(key, { current: current + 1, since })
      callback(null, { current: current + 1, ttl: windowMs - (now - since) })
    }

    child(): FastifyRateLimitStore {
      return this
    }
  }
}
