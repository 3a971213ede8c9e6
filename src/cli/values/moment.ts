import { InvalidArgumentError } from '@commander-js/extra-typings'
import { parseDuration } from './duration.ts'

const form =
  /^(\d{4})-(\d\d)-(\d\d)(?:T([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?$/

/**
 * A time in RFC 3339, or a date alone, which is its midnight in UTC; the seconds may be left out.
 *
 * @returns milliseconds since the epoch; undefined for anything else, for a day that its month has not, and for a time
 *   before 1970
 */
export function parseTime(text: string): number | undefined {
  const [, year, month, day] = form.exec(text) ?? []
  // Date.parse takes 30 February for 2 March.
  const date = `${year}-${month}-${day}`
  const midnight = Date.parse(date)
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(date)) {
    return undefined
  }
  const ms = Date.parse(text)
  return ms >= 0 ? ms : undefined
}

/**
 * A parser for the options of one command that are a time, or how long ago: all of them count from the same moment, so
 * `--since 1h --until 1h` is no interval. It gives milliseconds since the epoch.
 */
export function momentParser(): (value: string) => number {
  const now = Date.now()
  return (value) => {
    // A number alone may be a date without its hyphens.
    const seconds = /\d$/.test(value) ? undefined : parseDuration(value)
    const ms = seconds === undefined ? parseTime(value) : now - seconds * 1000
    if (ms === undefined || ms < 0) {
      throw new InvalidArgumentError(
        'Give a time since 1970 such as 2026-01-31T12:00:00Z or 2026-01-31, or how long ago: 90d, 12h, 30m.',
      )
    }
    return ms
  }
}
