import { hash, randomBytes } from 'node:crypto'
import { type Counts, parts, RecentCounts } from './recent-counts.ts'

/** When a userId counts as shared by several visitors, and what is done about it. */
export interface SharedUserIdSettings {
  /** an id is over when more than this part of the recent requests carries it; 1 turns the alarm off */
  share: number
  /** and when so many of them do, within two or ten minutes; or `longFactor` times as many, within six hours */
  minimum: number
  /** true: such an id gets no token while the alarm lasts */
  refuse: boolean
}

/**
 * What holds where a profile says nothing. 300 pages in ten minutes, or 1,200 in six hours, are more than one
 * visitor loads; one half of a percent distinguishes broken code from a robot in a large shop.
 */
export const sharedUserIdDefaults: SharedUserIdSettings = Object.freeze({
  share: 0.005,
  minimum: 300,
  refuse: false,
})

const minuteMs = 60_000
/** Ten to twelve minutes; where traffic is thin, the time of `minimum` requests, but six hours at the most. */
const shortSpan = { partMs: 2 * minuteMs, longestPartMs: 60 * minuteMs }
/** Five to six hours. */
const longSpan = { partMs: 60 * minuteMs, longestPartMs: 60 * minuteMs }
const longFactor = 4
/** An alarm that lasts is reported again after this time, in milliseconds. */
const reportEveryMs = (parts - 1) * shortSpan.partMs

/** An id that is over. */
export interface SharedUserId {
  /** keyed hash of the id, twelve hexadecimal digits; the key is random and known to this process alone */
  userIdHash: string
  /** milliseconds of the caller's clock */
  since: number
  /** requests that carry the id among the recent ones: never more than there were */
  count: number
  /** all recent requests: those of the last ten minutes, or of a longer time where they are few */
  total: number
}

/** A profile's settings, the defaults filled in. */
export function sharedUserIdSettings(settings: Partial<SharedUserIdSettings> = {}): SharedUserIdSettings {
  return { ...sharedUserIdDefaults, ...settings }
}

interface Alarm extends SharedUserId {
  reportedAt: number
}

/** An alarm is over when an id has fallen below this part of both limits, so that it does not come and go. */
const endsAt = 0.5

/** A secret of this process: from a hash that was logged nobody can find the id by trying. */
const key = randomBytes(32).toString('hex')

// A keyed prefix is a sound keyed hash here: its length is fixed and of the digest only 48 bits are kept, so that
// nothing can be appended. HMAC costs four times as much.
const keyedHash = (userId: string): string => hash('sha256', key + userId, 'hex').slice(0, 12)

/** Watches over one profile how much of the recent issuance goes to a single userId. Holds hashes, never ids. */
export class SharedUserIdWatch {
  readonly #recent = new RecentCounts(shortSpan)
  readonly #long = new RecentCounts(longSpan)
  readonly #alarms = new Map<number, Alarm>()
  #settings = sharedUserIdDefaults

  /**
   * Counts a request for a token, refused ones as well: else the refusal itself would end the alarm.
   *
   * @param now milliseconds of a clock that never goes back
   * @returns the alarm where the id is over; `due` when it is to be reported: once in each window of ten minutes
   */
  observe(
    userId: string,
    settings: SharedUserIdSettings,
    now: number,
  ): { alarm: SharedUserId; due: boolean } | undefined {
    this.#settings = settings
    const userIdHash = keyedHash(userId)
    const id = Number.parseInt(userIdHash, 16)
    this.#recent.add(id, now, settings.minimum)
    this.#long.add(id, now, 0)
    let alarm = this.#alarms.get(id)
    if (alarm === undefined) {
      if (!this.#isOver(id, 1)) {
        return undefined
      }
      alarm = { userIdHash, since: now, count: 0, total: 0, reportedAt: Number.NEGATIVE_INFINITY }
      this.#alarms.set(id, alarm)
    }
    alarm.count = this.#recent.count(id)
    alarm.total = this.#recent.total
    const due = now - alarm.reportedAt >= reportEveryMs
    if (due) {
      alarm.reportedAt = now
    }
    return { alarm, due }
  }

  /**
   * Forgets what is too old; to be called every few seconds.
   *
   * @param now milliseconds of the same clock
   * @returns the alarms that are over
   */
  advance(now: number): SharedUserId[] {
    this.#recent.advance(now, this.#settings.minimum)
    this.#long.advance(now, 0)
    const ended = [...this.#alarms].filter(([id]) => !this.#isOver(id, endsAt))
    for (const [id] of ended) {
      this.#alarms.delete(id)
    }
    return ended.map(([, alarm]) => alarm)
  }

  /** How many ids are over now. */
  get alarms(): number {
    return this.#alarms.size
  }

  /** True when nothing is left to remember. */
  get empty(): boolean {
    return this.#recent.total === 0 && this.#long.total === 0
  }

  /** The part of the recent requests that carries the most frequent id, 0 to 1; 0 below the minimum. */
  highestShare(): number {
    const highest = this.#recent.highest()
    return highest < this.#settings.minimum ? 0 : highest / this.#recent.total
  }

  /** @param part of the limits that counts: 1 to raise an alarm */
  #isOver(id: number, part: number): boolean {
    const { share, minimum } = this.#settings
    if (share === 1) {
      return false
    }
    const hasShare = (counts: Counts) => counts.count(id) > counts.total * share * part
    const isMany = (counts: Counts, factor = 1) => counts.count(id) >= factor * minimum * part
    const { newest } = this.#recent
    // In a large shop two minutes are enough, before ten have thinned the share.
    if (newest !== undefined && isMany(newest) && hasShare(newest)) {
      return true
    }
    // The share is never that of the long window, so that an alarm ends soon after its cause.
    return hasShare(this.#recent) && (isMany(this.#recent) || isMany(this.#long, longFactor))
  }
}
