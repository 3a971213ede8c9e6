import { MisraGries } from './misra-gries.ts'

/** Sub-windows of a window; one of them is filling, so that a window is between parts - 1 and parts of them long. */
export const parts = 6
/** Keys held by each part: no count is too low by more than a thousandth of the total. */
const capacity = 1_000

/** How long a window reaches back. */
export interface Span {
  /** milliseconds after which a part is closed, once it holds its share of the keys that are wanted */
  partMs: number
  /** milliseconds after which a part is closed however few it holds */
  longestPartMs: number
}

/** How often keys were added, and how many in all. */
export interface Counts {
  readonly total: number
  count(key: number): number
}

interface Part {
  start: number
  counts: MisraGries
}

/**
 * Counts the frequent keys of the recent past: a window of sub-windows, the oldest of which is dropped whole.
 * Where keys come thinly the window grows until it holds enough of them, as far as its span lets it.
 */
export class RecentCounts implements Counts {
  readonly #span: Span
  readonly #parts: Part[] = []

  constructor(span: Span) {
    this.#span = span
  }

  /**
   * @param now milliseconds of a clock that never goes back
   * @param enough number of keys that the window grows to hold
   */
  add(key: number, now: number, enough: number): void {
    this.advance(now, enough)
    if (this.#parts.length === 0) {
      this.#open(now)
    }
    this.#parts.at(-1)?.counts.add(key)
  }

  /** Forgets what is too old. */
  advance(now: number, enough: number): void {
    const newest = this.#parts.at(-1)
    if (newest === undefined) {
      return
    }
    const { partMs, longestPartMs } = this.#span
    const age = now - newest.start
    const full = newest.counts.total >= enough / (parts - 1)
    if (age >= longestPartMs || (age >= partMs && full)) {
      this.#open(now)
    }
    const oldest = this.#parts[0] as Part
    if (this.#parts.length > parts || now - oldest.start >= parts * longestPartMs) {
      this.#parts.shift()
    }
  }

  /** How often a key was added; too low by at most a thousandth of the total, never too high. */
  count(key: number): number {
    let sum = 0
    for (const { counts } of this.#parts) {
      sum += counts.count(key)
    }
    return sum
  }

  /** How many keys were added. */
  get total(): number {
    let sum = 0
    for (const { counts } of this.#parts) {
      sum += counts.total
    }
    return sum
  }

  /** The part that fills: what has come last. */
  get newest(): Counts | undefined {
    return this.#parts.at(-1)?.counts
  }

  /** The count of the most frequent key; 0 when there is none. */
  highest(): number {
    const sums = new Map<number, number>()
    let highest = 0
    for (const { counts } of this.#parts) {
      for (const [key, count] of counts.entries()) {
        const sum = (sums.get(key) ?? 0) + count
        sums.set(key, sum)
        if (sum > highest) {
          highest = sum
        }
      }
    }
    return highest
  }

  #open(now: number): void {
    this.#parts.push({ start: now, counts: new MisraGries(capacity) })
  }
}
