/** Weight of the newest call. */
const newest = 0.2

/**
 * How long the full calls of one key take of late. Small ones tell little: they leave when little waits, and what
 * they cost beside their signatures would be taken for the signatures' cost.
 */
export class SignPace {
  readonly #batchMax: number
  /** moving average, in milliseconds; undefined before the first full call */
  #fullMs: number | undefined

  /** @param batchMax signatures of a full call */
  constructor(batchMax: number) {
    this.#batchMax = batchMax
  }

  /** Takes a call into account that brought so many signatures. */
  answered(items: number, durationMs: number): void {
    // A full call takes no longer than as many small ones: so a Vault that is fast again is soon known to be.
    const atMost = (durationMs * this.#batchMax) / items
    if (this.#fullMs !== undefined && items < this.#batchMax) this.#fullMs = Math.min(this.#fullMs, atMost)
    else if (items >= this.#batchMax) this.#fullMs = average(this.#fullMs, durationMs)
  }

  /**
   * Milliseconds until a signature will be there that is asked for now, behind so many others; 0 while no full
   * call has been answered.
   *
   * @param calls in flight at once
   */
  expectedMs(ahead: number, calls: number): number {
    if (this.#fullMs === undefined) return 0
    const before = ahead / calls / this.#batchMax
    return (before + Math.min(1, before)) * this.#fullMs
  }
}

const average = (before: number | undefined, ms: number): number =>
  before === undefined ? ms : before + (ms - before) * newest
