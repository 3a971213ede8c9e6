/** What a call adds to the budget; a retry takes 1 from it. */
const earned = 0.08
/** Retries that can be saved up: what a short trouble needs after quiet times. */
const most = 4

/**
 * Keeps retries few where many calls fail, since they would come on top of what is too much already: no more than
 * 1.1 times the calls go out. (Site Reliability Engineering, "Addressing Cascading Failures": per-client retry budget.)
 */
export class RetryBudget {
  #saved = most

  /** A call goes out for the first time. */
  earn(): void {
    this.#saved = Math.min(most, this.#saved + earned)
  }

  /** Whether one more retry may go out; it is then spent. */
  spend(): boolean {
    if (this.#saved < 1) {
      return false
    }
    this.#saved -= 1
    return true
  }
}
