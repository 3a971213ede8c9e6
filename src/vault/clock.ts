import type { Log } from '../log.ts'

const warnAboveSeconds = 5
/** Below this the warning is over: less than the limit, so that an offset at the limit does not warn again and again. */
const overBelowSeconds = 4
/** How fast two clocks may drift apart: seconds in a second (NTP lets a clock run 500 ppm fast or slow). */
const driftRate = 0.0005

/** How far a clock may differ from ours, at a moment of ours. */
interface Bounds {
  low: number
  high: number
  at: number
}

/**
 * Compares Vault's clock with this machine's, by the Date header of answers that come anyway (RFC 9110 §6.6.1: whole
 * seconds, cut). Vault made the header between our sending and receiving, so each answer gives bounds; their middle
 * is corrected for half the round trip, and bounds of several answers together are closer than a second.
 */
export class VaultClock {
  readonly #log: Log
  #bounds: Bounds | undefined
  #warned = false

  constructor(log: Log) {
    this.#log = log
  }

  /** Seconds by which Vault's clock is ahead of this machine's (behind, where negative); undefined while not known. */
  get offsetSeconds(): number | undefined {
    return this.#bounds === undefined ? undefined : (this.#bounds.low + this.#bounds.high) / 2
  }

  /**
   * Takes up the Date header of an answer; one that is no date is passed over.
   *
   * @param sentAt when the call left, in milliseconds of this machine's clock
   * @param receivedAt when its answer was there
   */
  observe(date: string, sentAt: number, receivedAt: number): void {
    const second = Date.parse(date) / 1000
    if (!Number.isFinite(second) || receivedAt < sentAt) {
      return
    }
    const bounds = {
      low: second - receivedAt / 1000,
      high: second + 1 - sentAt / 1000,
      at: receivedAt / 1000,
    }
    this.#bounds = this.#bounds === undefined ? bounds : together(this.#bounds, bounds)
    this.#report()
  }

  #report(): void {
    const offset = this.offsetSeconds as number
    const offsetSeconds = Math.round(offset * 10) / 10
    if (!this.#warned && Math.abs(offset) > warnAboveSeconds) {
      this.#warned = true
      this.#log.warn(
        { offsetSeconds },
        "Vault's clock and this machine's are apart: tokens expire by this machine's",
      )
    } else if (this.#warned && Math.abs(offset) < overBelowSeconds) {
      this.#warned = false
      this.#log.info({ offsetSeconds }, "Vault's clock and this machine's agree again")
    }
  }
}

/** Bounds that fit both answers; the newer ones alone where none do, since then a clock was set. */
function together(before: Bounds, now: Bounds): Bounds {
  const drift = Math.max(0, now.at - before.at) * driftRate
  const low = Math.max(before.low - drift, now.low)
  const high = Math.min(before.high + drift, now.high)
  return low <= high ? { low, high, at: now.at } : now
}
