/**
 * When Vault gave an answer, by Vault's own clock: what a time in the answer is compared with. This machine's clock may
 * be wrong by hours, and says nothing of what is over at Vault.
 */
export class AnswerTime {
  #second: number | undefined

  /** For VaultCallOptions: takes the answer's Date header (RFC 9110 section 6.6.1: whole seconds, cut). */
  readonly onDate = (date: string): void => {
    const ms = Date.parse(date)
    if (Number.isFinite(ms)) {
      this.#second = ms
    }
  }

  /** Milliseconds since the epoch, up to one second late; by this machine's clock where the answer had no date. */
  get now(): number {
    return this.#second === undefined ? Date.now() : this.#second + 999
  }
}
