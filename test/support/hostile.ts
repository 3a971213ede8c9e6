import type { Test } from 'tap'
import type { ErrorCode } from '../../src/errors.ts'
import { type Answer, codeOf, problemFaults } from './problem.ts'

/** Counts the hostile requests of a test file, and judges the answer to each. */
export class HostileRequests {
  #sent = 0
  #serverErrors = 0
  #wrong = 0

  /**
   * Judges an answer that must be a problem of the contract.
   *
   * @param codes the codes that are right; a string for one
   * @returns what is wrong with it; empty when all is as it should be
   */
  faults(answer: Answer, codes: ErrorCode | readonly ErrorCode[]): string[] {
    this.#sent += 1
    const code = codeOf(answer)
    const faults = problemFaults(answer)
    if (code === undefined || ![codes].flat().includes(code)) {
      faults.push(`${code} in place of ${codes}`)
    }
    if (answer.status >= 500) {
      this.#serverErrors += 1
    }
    if (faults.length > 0) {
      this.#wrong += 1
    }
    return faults
  }

  /** Counts a request whose answer the test judges itself, such as one that must be accepted. */
  count(answer: Answer, good: boolean): void {
    this.#sent += 1
    if (answer.status >= 500) {
      this.#serverErrors += 1
    }
    if (!good) {
      this.#wrong += 1
    }
  }

  /** Prints the figures: how many were sent, and that none got what it must not get. */
  report(t: Pick<Test, 'comment' | 'equal'>): void {
    t.comment(
      `hostile requests: ${this.#sent} sent, ${this.#serverErrors} with a 5xx, ${this.#wrong} answered wrongly`,
    )
    t.equal(this.#serverErrors, 0)
    t.equal(this.#wrong, 0)
  }
}
