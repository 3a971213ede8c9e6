import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, type PadlockError } from '../../errors.ts'
import { backoffMs } from '../../timing/backoff.ts'
import type { Admission, Signature, Signer, SigningKey } from '../../token/signer.ts'
import type { VaultClient } from '../client/client.ts'
import { VaultError } from '../client/vault-error.ts'
import type { VaultSession } from '../session/session.ts'
import type { VaultBreaker } from './breaker.ts'
import type { CallTracer, ObservedSignOptions, RecordCall, SignObserver } from './observation.ts'
import type { PendingSignature } from './pending-signature.ts'
import { RetryBudget } from './retry-budget.ts'
import { callCode, lacksVersion, type SignOutcomes, signCall } from './sign-call.ts'
import { type SignLimits, SignQueue } from './sign-queue.ts'

/** What the signer is made of. */
export interface TransitSignerDeps {
  client: VaultClient
  session: VaultSession
  /** one for all that calls this Vault for callers */
  breaker: VaultBreaker
  /** path of the transit engine, without slashes at its ends */
  mount: string
  limits: SignLimits
  observer?: SignObserver
  /** called before a call leaves */
  onAsk?: RecordCall | undefined
  /** undefined while traces are off */
  tracing?: CallTracer | undefined
}

/** Calls that may follow a first one which failed, and the pauses before them, in milliseconds. */
const maxRetries = 2
const firstPauseMs = 40
const longestPauseMs = 150

/** Milliseconds after its last signature within which a version that a node does not know has not reached that node yet. */
const staleNodeMs = 30_000

const latestDeadline = (items: readonly PendingSignature[]): number =>
  Math.max(...items.map(({ options }) => options.deadline))

/**
 * Signs with Vault's transit engine: RSASSA-PKCS1-v1_5 with SHA-256 over a digest, by a pinned version.
 * Many signatures share one call (`batch_input`), and stand or fall alone.
 */
export class TransitSigner implements Signer, Admission {
  readonly #deps: TransitSignerDeps
  readonly #queue: SignQueue
  readonly #budget = new RetryBudget()
  /** when a version last signed, by its thumbprint, in milliseconds of performance.now() */
  readonly #signedAt = new Map<string, number>()

  constructor(deps: TransitSignerDeps) {
    this.#deps = deps
    this.#queue = new SignQueue(deps.limits, (key, items) => this.#trace(key, items), deps.observer)
  }

  refusal(key: SigningKey, deadline: number): PadlockError | undefined {
    return this.#deps.breaker.refusal() ?? this.#queue.refusal(key, deadline)
  }

  overloaded(key: SigningKey): PadlockError {
    return this.#queue.overloaded(key)
  }

  sign(digest: Buffer, key: SigningKey, options: ObservedSignOptions): Promise<Signature> {
    return this.#queue.add(digest, key, options)
  }

  /** The correlation id of a traced call leads to its trace; of any other, it is a UUID. */
  #trace(key: SigningKey, items: readonly PendingSignature[]): Promise<SignOutcomes> {
    const trace = this.#deps.tracing?.call(
      key,
      items.map(({ options }) => options.trace),
    )
    const outcomes = this.#sign(key, items, trace?.correlationId ?? randomUUID())
    if (trace === undefined) {
      return outcomes
    }
    outcomes.then(
      (all) => trace.end(callCode(all)),
      (error) => trace.end(codeOf(error)),
    )
    return outcomes
  }

  /** One call and, where that may help, its repetitions, all under one correlation id. */
  async #sign(
    key: SigningKey,
    items: readonly PendingSignature[],
    correlationId: string,
  ): Promise<SignOutcomes> {
    for (const item of items) {
      item.options.onCall?.(correlationId)
    }
    const digests = items.map(({ digest }) => digest)
    await this.#deps.onAsk?.(key, correlationId, digests, latestDeadline(items))
    this.#budget.earn()
    return this.#repeatedly(() => this.#deps.breaker.run(() => this.#call(key, items, correlationId)))
  }

  /**
   * Makes a call again where a passing trouble of the connection or of a node was in the way: a signature made twice is
   * the same signature (RFC 8017 §8.2).
   */
  async #repeatedly<T>(call: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        return await call()
      } catch (error) {
        const passing = error instanceof VaultError && error.passing
        if (!passing || failures > maxRetries || !this.#budget.spend()) {
          throw error
        }
        await sleep(backoffMs(failures, firstPauseMs, longestPauseMs))
      }
    }
  }

  async #call(
    key: SigningKey,
    items: readonly PendingSignature[],
    correlationId: string,
  ): Promise<SignOutcomes> {
    const { client, session, mount, observer } = this.#deps
    const start = performance.now()
    let code = 'ok'
    try {
      const outcomes = await session.use<SignOutcomes>(async (token) => {
        // A login may have come between: only now is it known who still waits.
        const wanted = items.filter((item) => item.wanted)
        if (wanted.length === 0) {
          return new Map()
        }
        const timeoutMs = latestDeadline(wanted) - performance.now()
        return signCall(client, mount, key, wanted, { token, timeoutMs, correlationId })
      })
      this.#checkNode(key, outcomes)
      code = callCode(outcomes)
      return outcomes
    } catch (error) {
      code = codeOf(error)
      throw error
    } finally {
      observer?.answered(performance.now() - start, code)
    }
  }

  /** @throws VaultError where the node that answered has not heard yet of a version that signs */
  #checkNode(key: SigningKey, outcomes: SignOutcomes): void {
    const signedAt = this.#signedAt.get(key.thumbprint) ?? Number.NEGATIVE_INFINITY
    if (lacksVersion(outcomes) && performance.now() - signedAt < staleNodeMs) {
      const detail = 'A node of Vault does not know this version of the key yet.'
      throw new VaultError('vault_unavailable', detail, 200, [], true)
    }
    if (outcomes.size > 0 && callCode(outcomes) === 'ok') {
      this.#signedAt.set(key.thumbprint, performance.now())
    }
  }
}
