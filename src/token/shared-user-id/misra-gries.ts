/**
 * Counts the frequent keys of a stream in bounded memory (Misra and Gries, "Finding repeated elements", 1982).
 * No count is ever too high; a count may be too low by at most total / (capacity + 1).
 */
export class MisraGries {
  readonly #capacity: number
  readonly #counts = new Map<number, number>()
  #total = 0

  /** @param capacity the most keys that are held at once */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** How many keys were added, whether their counts are still held or not. */
  get total(): number {
    return this.#total
  }

  add(key: number): void {
    this.#total += 1
    const count = this.#counts.get(key)
    if (count !== undefined) {
      this.#counts.set(key, count + 1)
    } else if (this.#counts.size < this.#capacity) {
      this.#counts.set(key, 1)
    } else {
      this.#takeOneFromEach()
    }
  }

  count(key: number): number {
    return this.#counts.get(key) ?? 0
  }

  entries(): Iterable<[key: number, count: number]> {
    return this.#counts
  }

  // Linear, but at most once in capacity + 1 additions: constant for each on average.
  #takeOneFromEach(): void {
    for (const [key, count] of this.#counts) {
      if (count === 1) {
        this.#counts.delete(key)
      } else {
        this.#counts.set(key, count - 1)
      }
    }
  }
}
