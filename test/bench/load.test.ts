import t from 'tap'
import type { TokenAnswer } from '../../bench/load/token-connection.ts'
import { offeredResult } from '../../bench/load/vegeta.ts'
import { readWrk } from '../../bench/load/wrk.ts'
import { type OfferedOnce, ofAllRounds } from '../../bench/offered.ts'
import { ofVisits } from '../../bench/returning.ts'
import { falseRefusals } from '../../bench/stall.ts'

t.test('what wrk prints', async (t) => {
  t.strictSame(readWrk('Running\nRESULT 3000 2000000 1500 9000 2\n'), {
    requests: 3000,
    perSecond: 1500,
    p50Ms: 1.5,
    p99Ms: 9,
    errors: 2,
  })
  t.throws(() => readWrk('unable to connect'))
})

/** An answer after 5 ms, or after some other time, to a request sent so many seconds after the first. */
const hit = (second: number, code: number, headers: Record<string, string[]> | null = null, ms = 5) => ({
  ...{ code, headers, latency: ms * 1e6 },
  timestamp: new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString(),
})

t.test('an answer is a token, a 503 with Retry-After, or anything else', async (t) => {
  const later = { 'Retry-After': ['1'] }
  const hits = [
    hit(0, 200),
    hit(1.5, 200),
    hit(2, 200),
    hit(2, 503, later),
    hit(2, 503),
    hit(2, 504),
    hit(2, 0),
  ]
  t.strictSame(offeredResult(hits, 3, 3), {
    times: 3,
    offeredPerSecond: 3,
    goodput: 1,
    refusedPerSecond: 0.5,
    acceptedP99Ms: 5,
    anythingElse: 3,
    byStatus: { 0: 1, 200: 3, 503: 2, 504: 1 },
  })
})

t.test('a token that comes after the load has ended is no goodput, but its time counts', async (t) => {
  const result = offeredResult([hit(0, 200), hit(1.5, 200), hit(2.9, 200, null, 1900)], 2, 3)
  t.equal(result.goodput, 0.5)
  t.equal(result.acceptedP99Ms, 1900)
  t.equal(result.anythingElse, 0)
})

t.test('no token at all has no p99', async (t) => {
  t.equal(offeredResult([hit(0, 503), hit(1, 503)], 1, 2).acceptedP99Ms, null)
})

t.test('a step of several rounds: medians of its rates, and sums of what was answered', async (t) => {
  const round = (goodput: number, acceptedP99Ms: number | null, capacity = 1000): OfferedOnce => ({
    ...{
      times: 3,
      capacity,
      goodput,
      acceptedP99Ms,
      offeredPerSecond: 3_000,
      refusedPerSecond: 2_000,
      anythingElse: 1,
    },
    ...{ byStatus: { 200: goodput, 503: 1 }, cores: { padlock: 0.5, vault: 1, load: 0.3 } },
  })
  t.match(ofAllRounds([round(900, 700), round(100, null, 200), round(800, 900)]), {
    times: 3,
    goodput: 800,
    // The machine was five times as slow in the second round, before the step and in it.
    ofCapacity: { median: 0.8, min: 0.5, max: 0.9 },
    acceptedP99Ms: 800,
    anythingElse: 3,
    byStatus: { 200: 1_800, 503: 3 },
  })
  t.equal(ofAllRounds([round(0, null)]).acceptedP99Ms, null)
})

t.test('a refusal is false where all who ask at once could be served in the second after it', async (t) => {
  const answer = (status: number, answeredAt: number): TokenAnswer => ({
    ...{ status, answeredAt, askedAt: answeredAt - 5 },
    retryAfter: status === 503 ? 1 : undefined,
  })
  const tokens = [300, 900, 1_100].map((at) => answer(200, at))
  t.equal(falseRefusals([answer(503, 100), ...tokens], 3), 1)
  t.equal(falseRefusals([answer(503, 99), ...tokens], 3), 0, 'a moment too late')
  t.equal(falseRefusals([answer(503, 300), ...tokens], 3), 0, 'what came before is no room')
})

t.test('what clients that honour Retry-After saw, once the start is over', async (t) => {
  const visits = {
    tokens: [
      { at: 500, tookMs: 10 },
      { at: 1_000, tookMs: 1_500 },
      { at: 2_500, tookMs: 100 },
      { at: 3_000, tookMs: 5_000 },
    ],
    ...{ askedAt: [900, 1_100, 1_200, 2_400], refusedAt: [1_200, 2_000, 3_500], anythingElse: 0 },
  }
  t.strictSame(ofVisits(visits, 1_000, 3_000), {
    ...{ askedPerSecond: 1.5, goodput: 1, refusedPerSecond: 1, refusalsPerToken: 1 },
    ...{ tokenAfterP50Ms: 100, tokenAfterP99Ms: 1_500, anythingElse: 0 },
  })
})
