import t from 'tap'
import { SignPace } from '../../../src/vault/signing/sign-pace.ts'

/** Calls one after another, each sent as the one before is answered. */
function oneByOne(pace: SignPace, calls: readonly (readonly [items: number, tookMs: number])[]): void {
  let now = 0
  for (const [items, tookMs] of calls) {
    pace.answered({ items, sentAt: now, answeredAt: now + tookMs, calls: 1, afterRest: false })
    now += tookMs
  }
}

t.test('nothing is expected before it is known how fast full calls are answered', async (t) => {
  const pace = new SignPace(10)
  t.equal(pace.expectedMs(1_000, 2), 0)
  // As in the first moment of a burst: a long wait for the event loop.
  pace.answered({ items: 1, sentAt: 0, answeredAt: 5_000, calls: 2, afterRest: true })
  pace.answered({ items: 10, sentAt: 0, answeredAt: 5_000, calls: 2, afterRest: true })
  t.equal(pace.expectedMs(1_000, 2), 0)
})

t.test('a signature waits for those before it, and then for its own call', async (t) => {
  const pace = new SignPace(10)
  oneByOne(pace, [
    [10, 100],
    [10, 100],
  ])
  t.equal(pace.expectedMs(20, 1), 300)
  t.equal(pace.expectedMs(5, 1), 100, 'a call that is half full takes half as long')
})

t.test('two calls in flight: what counts is the time from answer to answer', async (t) => {
  const pace = new SignPace(10)
  // Each takes 100 ms, and one is answered every 50 ms.
  for (let i = 0; i < 20; i++) {
    pace.answered({ items: 10, sentAt: i * 50, answeredAt: i * 50 + 100, calls: 2, afterRest: i === 0 })
  }
  t.equal(Math.round(pace.expectedMs(20, 2)), 200)
  t.equal(Math.round(pace.expectedMs(200, 2)), 1_100)
})

t.test('a burst that keeps this process busy is not taken for a slow Vault', async (t) => {
  const pace = new SignPace(10)
  pace.answered({ items: 10, sentAt: 0, answeredAt: 400, calls: 2, afterRest: true })
  pace.answered({ items: 10, sentAt: 0, answeredAt: 400, calls: 1, afterRest: false })
  t.equal(pace.expectedMs(500, 2), 0)
  pace.answered({ items: 10, sentAt: 400, answeredAt: 450, calls: 2, afterRest: false })
  t.ok(pace.expectedMs(500, 2) < 2_000)
})

t.test('it follows a Vault that becomes slower', async (t) => {
  const pace = new SignPace(10)
  oneByOne(pace, [[10, 100], ...Array.from({ length: 50 }, () => [10, 1_000] as const)])
  t.equal(Math.round(pace.expectedMs(10, 1)), 2_000)
})

t.test('small calls show at once that Vault is fast again, and never make it slower', async (t) => {
  const pace = new SignPace(10)
  oneByOne(pace, [
    [10, 1_900],
    [10, 1_900],
    [1, 5],
  ])
  t.equal(pace.expectedMs(10, 1), 100)
  oneByOne(pace, [[1, 5_000]])
  t.equal(pace.expectedMs(10, 1), 100)
})

t.test('one long call among many short ones changes little', async (t) => {
  const pace = new SignPace(1)
  oneByOne(pace, [...Array.from({ length: 1_000 }, () => [1, 3] as const), [1, 300]])
  t.ok(pace.expectedMs(100, 1) < 700)
})

t.test('a machine that stood still once is not taken for a slow Vault, a Vault slow twice is', async (t) => {
  const after = (...calls: (readonly [number, number])[]) => {
    const pace = new SignPace(10)
    oneByOne(pace, [...Array.from({ length: 10 }, () => [10, 30] as const), ...calls])
    return pace.expectedMs(10, 1)
  }
  t.equal(Math.round(after([10, 1_500])), 60)
  t.ok(after([10, 1_500], [10, 1_500]) > 600)
})

t.test('nor where it stood still as a burst began', async (t) => {
  const pace = new SignPace(32)
  // Of 128 at once a few come in the first turn. Vault stands still once they are signed, for 900 ms.
  pace.answered({ items: 3, sentAt: 0, answeredAt: 20, calls: 2, afterRest: true })
  pace.answered({ items: 32, sentAt: 5, answeredAt: 930, calls: 2, afterRest: false })
  t.ok(pace.expectedMs(64, 2) < 1_000, 'who waits, or comes now, is in time')
  pace.answered({ items: 32, sentAt: 20, answeredAt: 960, calls: 2, afterRest: false })
  t.equal(pace.expectedMs(64, 2), 120)
})
