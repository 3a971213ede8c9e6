import type { PadlockError } from '../../errors.ts'
import type { Signature } from '../../token/signer.ts'
import type { ObservedSignOptions } from './observation.ts'

interface Settle {
  resolve: (signature: Signature) => void
  reject: (error: unknown) => void
}

/** A signature in the queue or in flight: answered once, at its deadline at the latest. */
export class PendingSignature {
  readonly digest: Buffer
  readonly options: ObservedSignOptions
  /** unlike any other of this process: the answer is found by it */
  readonly reference: string
  /** when it was asked for, in milliseconds of performance.now() */
  readonly since = performance.now()
  #settle: Settle | undefined
  readonly #release: () => void

  /** @param leave takes it out of the queue when it is given up, and returns why there is no signature */
  constructor(
    digest: Buffer,
    options: ObservedSignOptions,
    reference: string,
    settle: Settle,
    leave: () => PadlockError,
  ) {
    this.digest = digest
    this.options = options
    this.reference = reference
    this.#settle = settle
    const giveUp = () => this.settle(leave())
    const timer = setTimeout(giveUp, options.deadline - this.since)
    options.signal?.addEventListener('abort', giveUp)
    this.#release = () => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', giveUp)
    }
  }

  /** False once it is answered, its caller has gone away, or its deadline has passed. */
  get wanted(): boolean {
    return this.#settle !== undefined && performance.now() < this.options.deadline
  }

  settle(outcome: Signature | PadlockError): void {
    const settle = this.#settle
    if (settle === undefined) {
      return
    }
    this.#settle = undefined
    this.#release()
    if (outcome instanceof Error) {
      settle.reject(outcome)
    } else {
      settle.resolve(outcome)
    }
  }
}
