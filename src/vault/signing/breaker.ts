import { type ErrorCode, PadlockError } from '../../errors.ts'
import type { Log } from '../../log.ts'

/** Milliseconds for which calls are refused after a failure, before the next one is let through. */
const openMs = 250
/** A call let through that has no answer by then counts as failed: another one is due. */
const trialMs = 1_000
/** Failures without a success between them, after which calls are refused. */
const threshold = 5
/** Each of these costs callers their whole deadline: two are enough. */
const timeoutWeight = 2.5
/** A call with less time than this says nothing of Vault when it is late. */
const hungMs = 500

/** Closed lets every call through, open none, half-open a single one. */
export type BreakerState = 'closed' | 'half_open' | 'open'

/** What a call says of Vault: that it serves, which outage it has, or nothing. */
type Verdict = 'serves' | ErrorCode | undefined

/** The codes that say that Vault as a whole does not serve; all others are answers of its own to one call. */
const outages: ReadonlySet<ErrorCode> = new Set(['vault_unavailable', 'vault_sealed', 'vault_timeout'])

function verdictOf(error: unknown, tookMs: number): Verdict {
  if (!(error instanceof PadlockError) || !outages.has(error.code)) {
    return 'serves'
  }
  return error.code === 'vault_timeout' && tookMs < hungMs ? undefined : error.code
}

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
 * A circuit breaker around the calls to Vault that callers wait for: while Vault does not serve, callers are refused at
 * once, and single calls find out when it serves again, four times a second at the most.
 */
export class VaultBreaker {
  readonly #log: Pick<Log, 'info' | 'warn'> | undefined
  /** of the failures without a success between them */
  #weight = 0
  #outage: ErrorCode = 'vault_unavailable'
  /** since when it is not closed, and until when no call is let through; milliseconds of performance.now() */
  #brokenAt: number | undefined
  #openUntil = 0
  /** the single call that is let through; resolved when it is known what it finds */
  #trial: PromiseWithResolvers<void> | undefined

  constructor(log?: Pick<Log, 'info' | 'warn'>) {
    this.#log = log
  }

  get state(): BreakerState {
    if (this.#brokenAt === undefined) {
      return 'closed'
    }
    return performance.now() < this.#openUntil ? 'open' : 'half_open'
  }

  /** Why a call that is asked for now will not be made; undefined where it will. */
  refusal(): PadlockError | undefined {
    const { state } = this
    if (state === 'closed' || (state === 'half_open' && this.#trial === undefined)) {
      return undefined
    }
    return refusals[this.#outage === 'vault_sealed' ? 'vault_sealed' : 'vault_unavailable']
  }

  /**
   * Makes a call, unless calls are refused. While one finds out whether Vault serves again, others wait for what it
   * finds.
   *
   * @throws what the call throws, or the refusal
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    while (this.#trial !== undefined) {
      await this.#trial.promise
    }
    if (this.#brokenAt === undefined) {
      return this.#make(call, (verdict) => this.#count(verdict))
    }
    const refusal = this.refusal()
    if (refusal !== undefined) {
      throw refusal
    }
    const trial = Promise.withResolvers<void>()
    this.#trial = trial
    const timer = setTimeout(() => this.#conclude(trial, 'vault_timeout'), trialMs)
    return this.#make(call, (verdict) => {
      clearTimeout(timer)
      this.#conclude(trial, verdict)
    })
  }

  /** Vault was seen well by other means. A Vault that hangs says so too: then only a call that is answered counts. */
  vaultIsWell(): void {
    if (this.#outage !== 'vault_timeout') {
      this.#close()
    }
  }

  async #make<T>(call: () => Promise<T>, learn: (verdict: Verdict) => void): Promise<T> {
    const start = performance.now()
    try {
      const result = await call()
      learn('serves')
      return result
    } catch (error) {
      learn(verdictOf(error, performance.now() - start))
      throw error
    }
  }

  /** Counts a call that was made while all were let through; one that is answered since counts no more. */
  #count(verdict: Verdict): void {
    if (verdict === undefined || this.#brokenAt !== undefined) {
      return
    }
    if (verdict === 'serves') {
      this.#weight = 0
      return
    }
    this.#weight += verdict === 'vault_timeout' ? timeoutWeight : 1
    if (this.#weight >= threshold) {
      this.#open(verdict)
    }
  }

  /** However late Vault serves the single call, calls are let through again; what else it finds is old by then. */
  #conclude(trial: PromiseWithResolvers<void>, verdict: Verdict): void {
    if (verdict === 'serves') {
      this.#close()
    } else if (trial === this.#trial) {
      this.#endTrial()
      if (verdict !== undefined) {
        this.#open(verdict)
      }
    }
  }

  #endTrial(): void {
    this.#trial?.resolve()
    this.#trial = undefined
  }

  #open(outage: ErrorCode): void {
    this.#outage = outage
    this.#openUntil = performance.now() + openMs
    if (this.#brokenAt === undefined) {
      this.#brokenAt = performance.now()
      const message = 'Vault does not serve: callers are refused at once, and single calls try it again'
      this.#log?.warn({ code: outage }, message)
    }
  }

  #close(): void {
    if (this.#brokenAt === undefined) {
      return
    }
    const outMs = Math.round(performance.now() - this.#brokenAt)
    this.#brokenAt = undefined
    this.#weight = 0
    this.#endTrial()
    this.#log?.info({ code: this.#outage, outMs }, 'Vault serves again')
  }
}
