/** Signers that are told by name; more are told as others. */
const mostNames = 50

/** Signatures by who had them made. */
export class SignerCounts {
  readonly #counts = new Map<string, number>()

  add(by: string, signatures: number): void {
    if (signatures === 0) return
    const name = this.#counts.has(by) || this.#counts.size < mostNames ? by : 'others'
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + signatures)
  }

  byName(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }
}
