/** Milliseconds for which a full call's answer counts; the last few always do. */
const memoryMs = 1_000
const leastCalls = 4

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
 * waits has to wait for. How long each call takes says less: that includes the time in which this process itself
 * was busy with a burst. Small calls say little too: they leave when little waits. It is a mean without the longest
 * of them: a machine that stood still once is as fast as before when it continues, a Vault that is slow is so twice.
 * So one call alone says nothing.
 */
export class SignPace {
  readonly #batchMax: number
  /** full calls of late, oldest first */
  #full: { tookMs: number; answeredAt: number }[] = []
  /** milliseconds of work for a full call; undefined while it is not known */
  #callMs: number | undefined
  #answeredAt = Number.NEGATIVE_INFINITY

  /** @param batchMax signatures of a full call */
  constructor(batchMax: number) {
    this.#batchMax = batchMax
  }

  /** When the last call was answered, in milliseconds of performance.now(). */
  get answeredAt(): number {
    return this.#answeredAt
  }

  /** Signatures that Vault makes in a second; undefined while it is not known. */
  get perSecond(): number | undefined {
    return this.#callMs === undefined ? undefined : (this.#batchMax * 1000) / this.#callMs
  }

  /** Takes a call into account. */
  answered({ items, sentAt, answeredAt, calls, afterRest }: AnsweredCall): void {
    const tookMs = answeredAt - Math.max(sentAt, this.#answeredAt)
    this.#answeredAt = answeredAt
    if (items >= this.#batchMax) {
      // The first of a burst was on its way while all the others arrived here.
      if (afterRest) {
        return
      }
      const since = this.#full.length + 1 - leastCalls
      const counts = (call: { answeredAt: number }, i: number) =>
        i >= since || call.answeredAt >= answeredAt - memoryMs
      this.#full = [...this.#full.filter(counts), { tookMs, answeredAt }]
      this.#callMs = meanWithoutLongest(this.#full.map((call) => call.tookMs))
      return
    }
    // A full call takes no longer than as many small ones: so a Vault that is fast again is soon known to be.
    const atMost = ((answeredAt - sentAt) * this.#batchMax) / items / calls
    if (this.#callMs !== undefined && atMost < this.#callMs) {
      this.#full = [{ tookMs: atMost, answeredAt }]
      this.#callMs = atMost
    }
  }

  /**
   * Milliseconds until a signature will be there that is asked for now, behind so many others; 0 while it is not
   * known how fast full calls are answered.
   *
   * @param calls in flight at once
   */
  expectedMs(ahead: number, calls: number): number {
    if (this.#callMs === undefined) {
      return 0
    }
    const before = ahead / this.#batchMax
    return (before + Math.min(calls, before)) * this.#callMs
  }
}

/** Undefined of one alone. */
function meanWithoutLongest(list: readonly number[]): number | undefined {
  const others = list.length - 1
  return others < 1 ? undefined : (list.reduce((sum, one) => sum + one) - Math.max(...list)) / others
}
