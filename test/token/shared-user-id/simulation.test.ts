import t from 'tap'
import { SharedUserIdWatch, sharedUserIdDefaults } from '../../../src/token/shared-user-id/shared-user-id.ts'
import {
  medianSeconds,
  mostPages,
  paceSigma,
  pagesExponent,
  pageViews,
  type Shop,
  seededRandom,
  shortestSeconds,
} from '../../support/page-views.ts'

const day = 86_400

t.comment(
  `page views: visits begin as a Poisson process; pages of a visit by Zipf's law with exponent ${pagesExponent}, ` +
    `at most ${mostPages}; ${shortestSeconds} s on a page and an exponential rest, its mean lognormal for each ` +
    `visitor (median ${medianSeconds} s, sigma ${paceSigma}); limits: ${JSON.stringify(sharedUserIdDefaults)}`,
)

/** Runs a shop; counts the alarms, all of them false. */
function falseAlarms(shop: Shop): { views: number; alarms: number } {
  const watch = new SharedUserIdWatch()
  let views = 0
  let alarms = 0
  let next = 0
  for (const [now, userId] of pageViews(shop)) {
    for (; next <= now; next += 10_000) {
      watch.advance(next)
    }
    views++
    if (watch.observe(userId, sharedUserIdDefaults, now)?.alarm.since === now) {
      alarms++
    }
  }
  return { views, alarms }
}

// A shop of a page view every fifty seconds is the hard case: there a single visitor is most of what there is.
const shops = [
  { viewsPerSecond: 0.02, days: 30, atMost: 0.5 },
  { viewsPerSecond: 0.1, days: 14, atMost: 0.2 },
  { viewsPerSecond: 1, days: 3, atMost: 0.2 },
  { viewsPerSecond: 10, days: 0.5, atMost: 0 },
  { viewsPerSecond: 100, days: 0.125, atMost: 0 },
  { viewsPerSecond: 1_000, days: 0.0125, atMost: 0 },
]

t.test('busy visitors raise next to no alarm', async (t) => {
  for (const { viewsPerSecond, days, atMost } of shops) {
    const { views, alarms } = falseAlarms({ viewsPerSecond, seconds: days * day, seed: 4 })
    const perDay = alarms / days
    t.comment(
      `${viewsPerSecond} views/s over ${days} days: ${alarms} false alarms in ${views} tokens, ${perDay.toFixed(2)} a day`,
    )
    t.ok(perDay <= atMost, `${viewsPerSecond} views/s: ${perDay} a day`)
  }
})

/**
 * Runs a shop for thirteen minutes as it should be, then breaks it: a part of its calls carries one id.
 *
 * @returns seconds and tokens from the break to the alarm, or undefined when there is none within six hours
 */
function timeToAlarm(viewsPerSecond: number, part: number): { seconds: number; tokens: number } | undefined {
  const watch = new SharedUserIdWatch()
  const random = seededRandom(5)
  // In the middle of a part of the window: most of what is new in it is still good.
  const brokenAt = 780_000
  // The rest are visitors who come once: what else there is in the window only dilutes the share.
  let tokens = 0
  for (let i = 0; ; i++) {
    const now = (i * 1_000) / viewsPerSecond
    if (now > brokenAt + 6 * 3_600_000) {
      return undefined
    }
    const broken = now >= brokenAt
    if (broken) {
      tokens++
    }
    const userId = broken && random() < part ? 'constant' : `visitor-${i}`
    if (watch.observe(userId, sharedUserIdDefaults, now)) {
      return { seconds: (now - brokenAt) / 1_000, tokens }
    }
  }
}

const { minimum, share } = sharedUserIdDefaults

/** Seconds by which an alarm must be there: the minimum and the share are reached, with a quarter to spare. */
function bound(viewsPerSecond: number, part: number): number {
  const pace = viewsPerSecond * part
  // In a large shop two parts of the window, two minutes each, hold enough.
  const windowSeconds = pace * 120 > 2 * minimum ? 2 * 120 : 12 * 60
  if (pace * windowSeconds * 0.8 > minimum) {
    const diluted = (windowSeconds * share) / part
    return 1.25 * Math.max(minimum / pace, diluted) + 1
  }
  return (1.25 * 4 * minimum) / pace
}

const breaks = [
  { viewsPerSecond: 1_000, parts: [0.01, 0.1, 1] },
  { viewsPerSecond: 100, parts: [0.01, 0.1, 1] },
  { viewsPerSecond: 10, parts: [0.01, 0.1, 1] },
  { viewsPerSecond: 1, parts: [0.1, 1] },
  { viewsPerSecond: 0.1, parts: [1] },
]

t.test('a constant id is found', async (t) => {
  for (const { viewsPerSecond, parts } of breaks) {
    for (const part of parts) {
      const found = timeToAlarm(viewsPerSecond, part)
      const what = `${part * 100} % of ${viewsPerSecond} calls/s`
      const when = found ? `alarm after ${found.seconds.toFixed(1)} s and ${found.tokens} tokens` : 'no alarm'
      t.comment(`${what}: ${when}`)
      t.ok(
        found && found.seconds <= bound(viewsPerSecond, part),
        `${what}: within ${bound(viewsPerSecond, part)} s`,
      )
    }
  }
})

t.test(
  'what no count can tell from a busy visitor is not found: one call a hundred, in a small shop',
  async (t) => {
    t.equal(timeToAlarm(1, 0.01), undefined)
  },
)
