import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { JWK } from 'jose'
import { request } from 'undici'
import { PadlockError } from '../errors.ts'

const fetchTimeoutMs = 3_000
const maxKeySetBytes = 256 * 1024
/** An unknown `kid` makes the key set be fetched at most so often. */
const cooldownMs = 10_000
const refreshMs = 5 * 60_000
/** So long keys stay good while the issuer cannot be asked. */
const maxStaleMs = 12 * 3_600_000

/** The public keys of the callers' issuer. */
export interface CallerKeys {
  /**
   * The key for a token's `kid`, as SPKI PEM; undefined when the issuer has no such key.
   *
   * @throws PadlockError `caller_keys_unavailable` when no key is known and the issuer cannot be asked
   */
  find(kid: string | undefined): Promise<string | undefined>
  /** true when a token can be checked now */
  ready(): boolean
  start(): Promise<void>
  stop(): void
}

/** An issuer's single key, from a PEM file that is read once. */
export async function pemCallerKeys(file: string): Promise<CallerKeys> {
  const pem = createPublicKey(await readFile(file)).export({ type: 'spki', format: 'pem' }) as string
  return { find: async () => pem, ready: () => true, start: async () => {}, stop: () => {} }
}

function publicPem(jwk: JWK): string | undefined {
  try {
    if (jwk.kty === 'oct') return undefined
    const key: KeyObject = createPublicKey({ key: jwk as Record<string, unknown>, format: 'jwk' })
    return key.export({ type: 'spki', format: 'pem' }) as string
  } catch {
    return undefined
  }
}

/** The keys of a JWK Set (RFC 7517 §5) that can verify signatures; the others are passed over. */
function keysOf(set: unknown): Map<string, string> {
  const list = (set as { keys?: unknown } | null)?.keys
  if (!Array.isArray(list)) throw new TypeError('not a JWK Set')
  const keys = new Map<string, string>()
  for (const jwk of list as JWK[]) {
    if (typeof jwk !== 'object' || jwk === null || (jwk.use !== undefined && jwk.use !== 'sig')) continue
    const pem = publicPem(jwk)
    if (pem !== undefined) keys.set(jwk.kid ?? '', pem)
  }
  return keys
}

/** The issuer's JWK Set, fetched at start, every five minutes, and when a token names a key not known yet. */
export class JwksCallerKeys implements CallerKeys {
  readonly #url: string
  readonly #log: FastifyBaseLogger
  #keys: ReadonlyMap<string, string> = new Map()
  #fetchedAt = Number.NEGATIVE_INFINITY
  #triedAt = Number.NEGATIVE_INFINITY
  #pending: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(url: string, log: FastifyBaseLogger) {
    this.#url = url
    this.#log = log
  }

  async find(kid: string | undefined): Promise<string | undefined> {
    const known = this.#lookUp(kid)
    if (known !== undefined) return known
    const sinceTried = performance.now() - this.#triedAt
    if (this.#pending !== undefined || sinceTried >= (this.ready() ? cooldownMs : 1_000)) await this.#fetch()
    if (!this.ready()) throw new PadlockError('caller_keys_unavailable')
    return this.#lookUp(kid)
  }

  ready(): boolean {
    return this.#keys.size > 0 && performance.now() - this.#fetchedAt < maxStaleMs
  }

  async start(): Promise<void> {
    await this.#fetch()
    this.#timer = setInterval(() => void this.#fetch(), refreshMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #lookUp(kid: string | undefined): string | undefined {
    if (!this.ready()) return undefined
    // Without a kid there must be no choice.
    if (kid === undefined) return this.#keys.size === 1 ? this.#keys.values().next().value : undefined
    return this.#keys.get(kid)
  }

  /** One fetch at a time; never throws. */
  #fetch(): Promise<void> {
    this.#triedAt = performance.now()
    this.#pending ??= this.#load()
      .then((keys) => {
        this.#keys = keys
        this.#fetchedAt = performance.now()
      })
      .catch((error: unknown) => {
        const { code, name } = error as { code?: unknown; name: string }
        this.#log.warn({ errorCode: code ?? name }, "the callers' key set could not be fetched")
      })
      .finally(() => {
        this.#pending = undefined
      })
    return this.#pending
  }

  async #load(): Promise<Map<string, string>> {
    const { statusCode, body } = await request(this.#url, { signal: AbortSignal.timeout(fetchTimeoutMs) })
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of body) {
      size += chunk.length
      if (size > maxKeySetBytes) throw new RangeError('the key set is too large')
      chunks.push(chunk)
    }
    if (statusCode !== 200) throw new TypeError(`the issuer answered ${statusCode}`)
    return keysOf(JSON.parse(Buffer.concat(chunks).toString('utf8')))
  }
}
