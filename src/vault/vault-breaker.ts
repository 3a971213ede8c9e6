import { type CircuitBreakerPolicy, CircuitState, circuitBreaker, handleAll } from 'cockatiel'
import { type ErrorCode, PadlockError } from '../errors.ts'

/** So long calls are refused after a failure before the next one is let through, in milliseconds. */
const openMs = 250
/** A call let through that has no answer by then counts as failed: another one is due. */
const probeMs = 1_000
/** Failures without a success between them, after which calls are refused. */
const threshold = 5
/** Each of these costs callers their whole deadline: two are enough. */
const timeoutWeight = 2.5
/** A call with less time than this tells nothing of Vault when it is late. */
const hungMs = 500

/** Closed lets every call through, open none, half-open a single one. */
export type BreakerState = 'closed' | 'half_open' | 'open'

/** Where changes are told. */
export interface BreakerLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** The codes that say that Vault as a whole does not serve; all others are answers of its own to one call. */
const outages: ReadonlySet<ErrorCode> = new Set(['vault_unavailable', 'vault_sealed', 'vault_timeout'])

const outageOf = (error: unknown): ErrorCode | undefined =>
  error instanceof PadlockError && outages.has(error.code) ? error.code : undefined

/** Made once: an error with its stack costs more than the rest of a refusal. */
const refusals: Readonly<Record<'vault_unavailable' | 'vault_sealed', PadlockError>> = {
  // Unsealing takes people: what the code itself says is nearer to the truth.
  vault_sealed: new PadlockError('vault_sealed'),
  vault_unavailable: new PadlockError('vault_unavailable', {
    detail: 'Vault has not served of late; it is asked again within a second.',
    retryAfter: Math.ceil(openMs / 1000),
  }),
}

/**
 * A circuit breaker around the calls to Vault that callers wait for: while Vault does not serve, callers are told at
 * once, and single calls find out when it serves again, four times a second at the most.
 */
export class VaultBreaker {
  readonly #policy: CircuitBreakerPolicy
  readonly #log: BreakerLog | undefined
  #weight = 0
  #lastOutage: ErrorCode = 'vault_unavailable'
  /** milliseconds of performance.now() */
  #openUntil = 0
  #brokenAt: number | undefined

  constructor(log?: BreakerLog) {
    this.#log = log
    this.#policy = circuitBreaker(handleAll, {
      halfOpenAfter: openMs,
      breaker: {
        state: undefined,
        success: () => {
          this.#weight = 0
        },
        failure: () => this.#weight >= threshold,
      },
    })
    this.#policy.onBreak(() => this.#opened())
    this.#policy.onReset(() => this.#closed())
  }

  get state(): BreakerState {
    if (this.#policy.state === CircuitState.Closed) return 'closed'
    return performance.now() < this.#openUntil ? 'open' : 'half_open'
  }

  /** Why a call that is asked for now will not be made; undefined where it will. */
  refusal(): PadlockError | undefined {
    const { state } = this.#policy
    if (state === CircuitState.Closed) return undefined
    if (state === CircuitState.Open && performance.now() >= this.#openUntil) return undefined
    return refusals[this.#lastOutage === 'vault_sealed' ? 'vault_sealed' : 'vault_unavailable']
  }

  /**
   * Makes a call, unless calls are refused. While one finds out whether Vault serves again, others wait for what it
   * finds.
   *
   * @throws what the call throws, or the refusal
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    let made: Promise<T> | undefined
    try {
      await this.#policy.execute(() => {
        const isProbe = this.#policy.state === CircuitState.HalfOpen
        made = call()
        const served = this.#served(made)
        return isProbe ? this.#inTime(served) : served
      })
    } catch {
      if (made === undefined) {
        const refusal = this.refusal()
        if (refusal !== undefined) throw refusal
        // The pause is over, and yet it is open: the system's clock, by which the policy goes, was set back.
        this.#close()
        return this.run(call)
      }
    }
    return made as Promise<T>
  }

  /** Vault was seen well by other means. A Vault that hangs says so too: then only a call that is answered counts. */
  vaultIsWell(): void {
    if (this.#policy.state !== CircuitState.Closed && this.#lastOutage !== 'vault_timeout') this.#close()
  }

  /** Fails where Vault as a whole did not serve the call. */
  async #served(call: Promise<unknown>): Promise<void> {
    const start = performance.now()
    try {
      await call
    } catch (error) {
      const outage = outageOf(error)
      const late = outage === 'vault_timeout'
      if (outage === undefined || (late && performance.now() - start < hungMs)) return
      this.#lastOutage = outage
      this.#weight += late ? timeoutWeight : 1
      throw error
    }
  }

  /** Fails, too, where it takes long to know; should Vault serve the call after all, calls are let through again. */
  async #inTime(served: Promise<void>): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      this.#lastOutage = 'vault_timeout'
      served.then(() => this.#close()).catch(() => {})
      reject(new PadlockError('vault_timeout'))
    }, probeMs)
    return Promise.race([served, late]).finally(() => clearTimeout(timer))
  }

  /** The policy has no other way to be closed from outside. */
  #close(): void {
    if (this.#policy.state !== CircuitState.Closed) this.#policy.isolate().dispose()
  }

  #opened(): void {
    this.#weight = 0
    // Past the policy's own pause, which it counts in whole milliseconds.
    this.#openUntil = performance.now() + openMs + 2
    if (this.#brokenAt !== undefined) return
    this.#brokenAt = performance.now()
    this.#log?.warn(
      { code: this.#lastOutage },
      'Vault does not serve: callers are refused at once, and single calls try it again',
    )
  }

  #closed(): void {
    this.#weight = 0
    const outMs = Math.round(performance.now() - (this.#brokenAt ?? performance.now()))
    this.#brokenAt = undefined
    this.#log?.info({ code: this.#lastOutage, outMs }, 'Vault serves again')
  }
}
