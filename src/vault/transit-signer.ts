import { randomUUID } from 'node:crypto'
import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import { PadlockError } from '../errors.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { Admission, Signature, Signer, SigningKey, SignOptions } from '../token/signer.ts'
import { batchOutcomes, callCode, signError } from './batch-results.ts'
import { type VaultClient, VaultError } from './client.ts'
import { RetryBudget } from './retry-budget.ts'
import type { VaultSession } from './session.ts'
import type { SignItem } from './sign-item.ts'
import { type SignLimits, type SignObserver, type SignOutcomes, SignQueue } from './sign-queue.ts'
import type { VaultBreaker } from './vault-breaker.ts'

/** What the signer tells whoever counts. */
export interface TransitSignerObserver extends SignObserver {
  /** a call has ended: how many milliseconds it took, and `ok` or the code of what went wrong with all of it */
  answered(durationMs: number, code: string): void
}

/** What the signer is made of. */
export interface TransitSignerDeps {
  client: VaultClient
  session: VaultSession
  /** one for all that calls this Vault for callers */
  breaker: VaultBreaker
  /** path of the transit engine, without slashes at its ends */
  mount: string
  limits: SignLimits
  observer?: TransitSignerObserver
  /** told what Vault will be asked to sign, once for a call and its repetition, before it leaves */
  onAsk?: ((key: SigningKey, correlationId: string, digests: readonly Buffer[]) => void) | undefined
  /** undefined while traces are off */
  tracing?: Tracing | undefined
}

/** Calls that follow a first one which failed, and the pauses before them, in milliseconds. */
const maxAttempts = 2
const pauses = { initialDelay: 40, maxDelay: 150 }

/** What every signature of a call has in common: Vault reads these beside `batch_input`, not inside it. */
const parameters = { prehashed: true, signature_algorithm: 'pkcs1v15', marshaling_algorithm: 'jws' }

const codeOf = (error: unknown): string => (error instanceof PadlockError ? error.code : 'internal_error')

/**
 * Signs with Vault's transit engine: RSASSA-PKCS1-v1_5 with SHA-256 over a digest, by a pinned version.
 * Many signatures share one call (`batch_input`), and stand or fall alone.
 */
export class TransitSigner implements Signer, Admission {
  readonly #deps: TransitSignerDeps
  readonly #queue: SignQueue
  readonly #budget = new RetryBudget()
  readonly #retry = retry(
    handleWhen((error) => error instanceof VaultError && error.passing && this.#budget.spend()),
    { maxAttempts, backoff: new ExponentialBackoff(pauses) },
  )

  constructor(deps: TransitSignerDeps) {
    this.#deps = deps
    this.#queue = new SignQueue(deps.limits, (key, items) => this.#trace(key, items), deps.observer)
  }

  refusal(key: SigningKey, deadline: number): PadlockError | undefined {
    return this.#deps.breaker.refusal() ?? this.#queue.refusal(key, deadline)
  }

  sign(digest: Buffer, key: SigningKey, options: SignOptions): Promise<Signature> {
    return this.#queue.add(digest, key, options)
  }

  /** The correlation id of a traced call leads to its trace; of any other, it is a UUID. */
  #trace(key: SigningKey, items: readonly SignItem[]): Promise<SignOutcomes> {
    const trace = this.#deps.tracing?.call(key, items)
    const outcomes = this.#sign(key, items, trace?.correlationId ?? randomUUID())
    if (trace === undefined) return outcomes
    outcomes.then(
      (all) => trace.end(callCode(all)),
      (error) => trace.end(codeOf(error)),
    )
    return outcomes
  }

  /**
   * One call, and more where a passing trouble of the connection or of a node was in the way: a signature made twice
   * is the same signature (RFC 8017 §8.2). All have one correlation id.
   */
  async #sign(key: SigningKey, items: readonly SignItem[], correlationId: string): Promise<SignOutcomes> {
    for (const item of items) item.options.onCall?.(correlationId)
    this.#deps.onAsk?.(
      key,
      correlationId,
      items.map(({ digest }) => digest),
    )
    this.#budget.earn()
    const call = () => this.#call(key, items, correlationId)
    try {
      return await this.#retry.execute(() => this.#deps.breaker.run(call))
    } catch (error) {
      throw signError(error)
    }
  }

  async #call(key: SigningKey, items: readonly SignItem[], correlationId: string): Promise<SignOutcomes> {
    const { client, session, mount, observer } = this.#deps
    const start = performance.now()
    let code = 'ok'
    try {
      const outcomes = await session.use<SignOutcomes>(async (token) => {
        // A login may have come between: only now is it known who still waits.
        const wanted = items.filter((item) => item.wanted)
        if (wanted.length === 0) return new Map()
        const latest = Math.max(...wanted.map(({ options }) => options.deadline))
        const data = {
          ...parameters,
          key_version: key.version,
          batch_input: wanted.map(({ digest, reference }) => ({
            input: digest.toString('base64'),
            reference,
          })),
        }
        const timeoutMs = latest - performance.now()
        const path = `${mount}/sign/${key.name}/sha2-256`
        return batchOutcomes(await client.write(path, data, { token, timeoutMs, correlationId }))
      })
      code = callCode(outcomes)
      return outcomes
    } catch (error) {
      code = codeOf(error)
      throw error
    } finally {
      observer?.answered(performance.now() - start, code)
    }
  }
}
