import type { Dispatcher } from 'undici'
import { build } from '../../build.ts'
import { PadlockError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { BodyTooLargeError, readBounded } from '../../outgoing/bounded-body.ts'
import { backoffMs } from '../../timing/backoff.ts'
import { Repeat } from '../../timing/repeat.ts'
import type { CallerKeys } from './caller-keys.ts'
import { IssuerConnection } from './issuer-connection.ts'
import {
  type CallerAlgorithm,
  type CallerKey,
  type KeyFault,
  type KeySet,
  KeySetError,
  keyFault,
  parseJwkSet,
  selectKey,
} from './jwk-set.ts'

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
  readonly #log: Log
  readonly #connection: IssuerConnection
  /** not later than half of the time that the keys stay good */
  readonly #refreshMs: number
  readonly #repeat: Repeat
  #keys: readonly CallerKey[] = []
  #fetchedAt = Number.NEGATIVE_INFINITY
  /** when an unknown key last made the set be fetched: one that came unasked leaves the next unknown key its turn */
  #askedAt = Number.NEGATIVE_INFINITY
  #pending: Promise<void> | undefined
  #failures = 0
  /** what was last reported of the keys */
  #told: string | undefined

  constructor(
    url: string,
    times: JwksTimes,
    log: Log,
    connection: IssuerConnection = new IssuerConnection({}),
  ) {
    this.#url = url
    this.#times = times
    this.#log = log
    this.#connection = connection
    this.#refreshMs = Math.min(times.refresh, times.maxStale / 2) * 1000
    this.#repeat = new Repeat(() => this.#refresh(), this.#refreshMs)
  }

  async find(kid: string | undefined, alg: CallerAlgorithm): Promise<string | undefined> {
    const known = this.#lookUp(kid, alg)
    if (known !== undefined) {
      return known
    }
    const pauseMs = this.ready() ? this.#times.cooldown * 1000 : retryMs
    if (performance.now() - this.#askedAt >= pauseMs) {
      this.#askedAt = performance.now()
      await this.#fetch()
    } else if (this.#pending !== undefined) {
      await this.#pending
    }
    if (!this.ready()) {
      throw new PadlockError('caller_keys_unavailable')
    }
    return this.#lookUp(kid, alg)
  }

  faultOf(kid: string | undefined, alg: CallerAlgorithm): KeyFault {
    return keyFault(this.#keys, kid, alg)
  }

  ready(): boolean {
    return this.#keys.length > 0 && performance.now() - this.#fetchedAt < this.#times.maxStale * 1000
  }

  /** Fetches the keys, and then again and again: soon after a failure, since nobody calls who finds it not ready. */
  start(): Promise<void> {
    return this.#repeat.start()
  }

  stop(): void {
    this.#repeat.stop()
    this.#connection.close()
  }

  /** @returns milliseconds until the next fetch that nothing asks for */
  async #refresh(): Promise<number> {
    const before = this.#fetchedAt
    await this.#fetch()
    this.#failures = this.#fetchedAt === before ? this.#failures + 1 : 0
    const pauseMs = backoffMs(this.#failures, retryMs, longestRetryMs)
    return this.#failures === 0 ? this.#refreshMs : Math.min(pauseMs, this.#refreshMs)
  }

  #lookUp(kid: string | undefined, alg: CallerAlgorithm): string | undefined {
    return this.ready() ? selectKey(this.#keys, kid, alg)?.pem : undefined
  }

  /** Logs what is wrong with the keys, once for as long as it stays so. */
  #report({ keys, unusable }: KeySet): void {
    const told = JSON.stringify([keys.length === 0, unusable])
    if (told === this.#told) {
      return
    }
    this.#told = told
    if (keys.length === 0) {
      this.#log.error({ unusable }, "the callers' key set holds no usable key: no caller gets in")
    } else if (Object.keys(unusable).length > 0) {
      this.#log.warn({ unusable, usable: keys.length }, "some keys of the callers' key set are not used")
    }
    if (unusable.private !== undefined) {
      this.#log.error(
        { keys: unusable.private },
        "the callers' key set shows a private key: anyone who has read it can act as any caller; it is not used",
      )
    }
  }

  /** One fetch at a time; never throws. */
  #fetch(): Promise<void> {
    this.#pending ??= fetchKeySet(this.#url, this.#connection.dispatcher())
      .then((set) => {
        this.#report(set)
        // The issuer's word, even if it is that no key is good any more.
        this.#keys = set.keys
        this.#fetchedAt = performance.now()
      })
      .catch((error: unknown) => {
        const { code, name } = error as { code?: unknown; name: string }
        const own = error instanceof KeySetError || error instanceof BodyTooLargeError
        const notJson = error instanceof SyntaxError ? 'the answer is not JSON' : undefined
        const reason = own ? error.message : (notJson ?? code ?? name)
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
 * @throws KeySetError, BodyTooLargeError, or an error of undici's
 */
async function fetchKeySet(url: string, dispatcher: Dispatcher): Promise<KeySet> {
  const { origin, pathname, search } = new URL(url)
  const { statusCode, body } = await dispatcher.request({
    ...{ method: 'GET', origin, path: pathname + search },
    // Firewalls before issuers refuse requests without these.
    headers: {
      'user-agent': `padlock/${build.version}`,
      accept: 'application/json, application/jwk-set+json',
    },
    signal: AbortSignal.timeout(fetchTimeoutMs),
  })
  const text = await readBounded(body, maxKeySetBytes)
  if (statusCode !== 200) {
    throw new KeySetError(`the issuer answered ${statusCode}`)
  }
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    throw new KeySetError('the answer is not JSON')
  }
  return parseJwkSet(set)
}
