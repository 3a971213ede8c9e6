import type { FastifyBaseLogger } from 'fastify'
import { request } from 'undici'
import { PadlockError } from '../errors.ts'
import type { CallerKeys } from './caller-keys.ts'
import { type CallerAlgorithm, type CallerKey, KeySetError, parseJwkSet, selectKey } from './jwk-set.ts'

const fetchTimeoutMs = 3_000
const maxKeySetBytes = 256 * 1024
/** First and longest pause after a fetch that failed. */
const retryMs = 1_000
const longestRetryMs = 30_000

/** When the issuer's key set is fetched, in seconds. */
export interface JwksTimes {
  /** between two fetches that nothing asked for */
  refresh: number
  /** between two fetches that an unknown key asked for */
  cooldown: number
  /** how long known keys stay good while the issuer cannot be asked */
  maxStale: number
}

/** The issuer's JWK Set: fetched at start, at every refresh, and when a token names a key not known yet. */
export class JwksCallerKeys implements CallerKeys {
  readonly #url: string
  readonly #times: JwksTimes
  readonly #log: FastifyBaseLogger
  #keys: readonly CallerKey[] = []
  #fetchedAt = Number.NEGATIVE_INFINITY
  /** when an unknown key last made the set be fetched: one that came unasked leaves the next unknown key its turn */
  #askedAt = Number.NEGATIVE_INFINITY
  #pending: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(url: string, times: JwksTimes, log: FastifyBaseLogger) {
    this.#url = url
    this.#times = times
    this.#log = log
  }

  async find(kid: string | undefined, alg: CallerAlgorithm): Promise<string | undefined> {
    const known = this.#lookUp(kid, alg)
    if (known !== undefined) return known
    const pauseMs = this.ready() ? this.#times.cooldown * 1000 : retryMs
    if (performance.now() - this.#askedAt >= pauseMs) {
      this.#askedAt = performance.now()
      await this.#fetch()
    } else if (this.#pending !== undefined) await this.#pending
    if (!this.ready()) throw new PadlockError('caller_keys_unavailable')
    return this.#lookUp(kid, alg)
  }

  ready(): boolean {
    return this.#keys.length > 0 && performance.now() - this.#fetchedAt < this.#times.maxStale * 1000
  }

  /** Fetches the keys, and then again and again: soon after a failure, since nobody calls who finds it not ready. */
  async start(): Promise<void> {
    // Not later than half of the time that the keys stay good.
    const refreshMs = Math.min(this.#times.refresh, this.#times.maxStale / 2) * 1000
    let retry = retryMs
    const again = (delayMs: number) => {
      this.#timer = setTimeout(next, delayMs).unref()
    }
    const next = async () => {
      const before = this.#fetchedAt
      await this.#fetch()
      const failed = this.#fetchedAt === before
      if (this.#stopped) return
      again(failed ? Math.min(retry, refreshMs) : refreshMs)
      retry = failed ? Math.min(retry * 2, longestRetryMs) : retryMs
    }
    await next()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #lookUp(kid: string | undefined, alg: CallerAlgorithm): string | undefined {
    return this.ready() ? selectKey(this.#keys, kid, alg)?.pem : undefined
  }

  /** One fetch at a time; never throws. */
  #fetch(): Promise<void> {
    this.#pending ??= fetchKeySet(this.#url)
      .then((keys) => {
        // The issuer's word, even if it is that no key is good any more.
        if (keys.length === 0) this.#log.error("the callers' key set holds no usable key: no caller gets in")
        this.#keys = keys
        this.#fetchedAt = performance.now()
      })
      .catch((error: unknown) => {
        const { code, name } = error as { code?: unknown; name: string }
        const reason = error instanceof KeySetError ? error.message : (code ?? name)
        this.#log.warn({ reason, keysKnown: this.ready() }, "the callers' key set could not be fetched")
      })
      .finally(() => {
        this.#pending = undefined
      })
    return this.#pending
  }
}

/**
 * Fetches a JWK Set; a redirect is not followed.
 *
 * @throws KeySetError, or an error of undici's or of JSON.parse
 */
async function fetchKeySet(url: string): Promise<CallerKey[]> {
  const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(fetchTimeoutMs) })
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxKeySetBytes) throw new KeySetError('the key set is too large')
    chunks.push(chunk)
  }
  if (statusCode !== 200) throw new KeySetError(`the issuer answered ${statusCode}`)
  return parseJwkSet(JSON.parse(Buffer.concat(chunks).toString('utf8')))
}
