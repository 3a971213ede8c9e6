import { PadlockError } from '../../errors.ts'

/** Of what Vault signs, the share that is kept for callers who come back; others come for the first time. */
const shareForReturns = 0.5
/** A caller who waits for longer has more from a page without a token. */
const longestSeconds = 15

/** By seconds, made once: an error with its stack costs more than the rest of a refusal. */
const refusals = Array.from({ length: longestSeconds }, (_, i) => {
  return new PadlockError('overloaded', { retryAfter: i + 1 })
})

/**
 * Tells refused callers when to come back (`Retry-After`, RFC 9110 §10.2.3): one after the other, as fast as there is
 * time for them. Were they all told the same second, ten times as many callers as Vault can sign for would be back in
 * it, to be refused again.
 */
export class RetryAfter {
  /** callers who were told to come back and for whom there has been no time since */
  #callers = 0

  /**
   * The refusal for one more caller: `overloaded`, with 1 to 15 seconds.
   *
   * @param perSecond signatures that Vault makes in a second; undefined while that is not known
   */
  refuse(perSecond: number | undefined): PadlockError {
    const returns = perSecond === undefined ? Number.POSITIVE_INFINITY : perSecond * shareForReturns
    this.#callers = Math.min(this.#callers + 1, returns * longestSeconds)
    const seconds = Math.min(longestSeconds, 1 + Math.floor(this.#callers / returns))
    return refusals[seconds - 1] as PadlockError
  }

  /** Vault has made so many signatures. */
  signed(signatures: number): void {
    this.#callers = Math.max(0, this.#callers - signatures * shareForReturns)
  }
}
