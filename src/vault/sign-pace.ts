/** For so many milliseconds of work a full call counts, until it counts for a third of the newest. */
const memoryMs = 500

/** A call that was answered; times in milliseconds of performance.now(). */
export interface AnsweredCall {
  /** signatures in it */
  items: number
  sentAt: number
  answeredAt: number
  /** calls of this key in flight until then, this one included */
  calls: number
  /** nothing of this key was in flight or waited when it was sent */
  afterRest: boolean
}

/**
 * How fast full calls of one key are answered of late: the time from one answer to the next, which is what whoever
 * waits has to wait for. How long each call takes tells less: that includes the time in which this process itself
 * was busy with a burst. Small calls tell little too: they leave when little waits. All the time is divided by how
 * many calls there were, so that among many short ones a single long one is not taken for what is to come.
 */
export class SignPace {
  readonly #batchMax: number
  /** full calls, and the milliseconds of work that they took; the older, the less they count */
  #calls = 0
  #tookMs = 0
  #answeredAt = Number.NEGATIVE_INFINITY

  /** @param batchMax signatures of a full call */
  constructor(batchMax: number) {
    this.#batchMax = batchMax
  }

  /** Takes a call into account. */
  answered({ items, sentAt, answeredAt, calls, afterRest }: AnsweredCall): void {
    const tookMs = answeredAt - Math.max(sentAt, this.#answeredAt)
    this.#answeredAt = answeredAt
    if (items >= this.#batchMax) {
      // The first of a burst was on its way while all the others arrived here.
      if (afterRest) return
      const kept = Math.exp(-tookMs / memoryMs)
      this.#calls = this.#calls * kept + 1
      this.#tookMs = this.#tookMs * kept + tookMs
      return
    }
    // A full call takes no longer than as many small ones: so a Vault that is fast again is soon known to be.
    const atMost = ((answeredAt - sentAt) * this.#batchMax) / items / calls
    if (this.#calls > 0 && atMost < this.#tookMs / this.#calls) this.#tookMs = atMost * this.#calls
  }

  /**
   * Milliseconds until a signature will be there that is asked for now, behind so many others; 0 while it is not
   * known how fast full calls are answered.
   *
   * @param calls in flight at once
   */
  expectedMs(ahead: number, calls: number): number {
    if (this.#calls === 0) return 0
    const before = ahead / this.#batchMax
    return (before + Math.min(calls, before)) * (this.#tookMs / this.#calls)
  }
}
