/** How long ago a call counts for a third of the newest, in milliseconds. */
const memoryMs = 500

/**
 * How long the full calls of one key take of late. Small ones tell little: they leave when little waits, and what
 * they cost beside their signatures would be taken for the signatures' cost. All that calls took is divided by how
 * many there were, so that among many short calls a single long one is not taken for what is to come.
 */
export class SignPace {
  readonly #batchMax: number
  /** full calls, and the milliseconds that they took; the older, the less they count */
  #calls = 0
  #tookMs = 0

  /** @param batchMax signatures of a full call */
  constructor(batchMax: number) {
    this.#batchMax = batchMax
  }

  /** Takes a call into account that brought so many signatures. */
  answered(items: number, durationMs: number): void {
    // A full call takes no longer than as many small ones: so a Vault that is fast again is soon known to be.
    const atMost = (durationMs * this.#batchMax) / items
    if (items >= this.#batchMax) {
      const kept = Math.exp(-durationMs / memoryMs)
      this.#calls = this.#calls * kept + 1
      this.#tookMs = this.#tookMs * kept + durationMs
    } else if (this.#calls > 0 && atMost < this.#tookMs / this.#calls) {
      this.#tookMs = atMost * this.#calls
    }
  }

  /**
   * Milliseconds until a signature will be there that is asked for now, behind so many others; 0 while no full
   * call has been answered.
   *
   * @param calls in flight at once
   */
  expectedMs(ahead: number, calls: number): number {
    if (this.#calls === 0) return 0
    const before = ahead / calls / this.#batchMax
    return (before + Math.min(1, before)) * (this.#tookMs / this.#calls)
  }
}
