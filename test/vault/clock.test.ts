import { pino } from 'pino'
import t from 'tap'
import { VaultClock } from '../../src/vault/clock.ts'

function testClock() {
  // biome-ignore lint/suspicious/noExplicitAny: a log line has any fields.
  const log: any[] = []
  const clock = new VaultClock(pino({}, { write: (line: string) => log.push(JSON.parse(line)) }))
  let now = Date.UTC(2026, 0, 31, 12, 0, 0, 123)
  /** An answer of a Vault whose clock is so many seconds ahead, `tripMs` on its way there and back. */
  const answer = (aheadSeconds: number, tripMs = 0, afterMs = 1_003) => {
    now += afterMs
    const date = new Date(now + tripMs / 2 + aheadSeconds * 1000).toUTCString()
    clock.observe(date, now, now + tripMs)
    return clock.offsetSeconds as number
  }
  return { clock, log, answer }
}

t.test('one answer tells the offset to half a second, corrected for half the round trip', async (t) => {
  for (const ahead of [0, 3, -3, 3600, -86_400]) {
    const { clock, answer } = testClock()
    t.equal(clock.offsetSeconds, undefined)
    t.ok(Math.abs(answer(ahead, 800) - ahead) <= 0.5, `${ahead}`)
  }
})

t.test('several answers tell it more closely, however slow some of them are', async (t) => {
  const { answer } = testClock()
  let offset = 0
  for (let i = 0; i < 60; i++) {
    offset = answer(1.25, i % 7 === 0 ? 5_000 : 10, 1_037)
  }
  t.ok(Math.abs(offset - 1.25) < 0.1, `${offset}`)
})

t.test('a clock that was set is followed at once, one that drifts as it goes', async (t) => {
  const { answer } = testClock()
  for (let i = 0; i < 10; i++) {
    answer(0)
  }
  t.ok(Math.abs(answer(30) - 30) <= 0.5)
  let ahead = 30
  for (let i = 0; i < 2_000; i++) {
    ahead += 0.0002
    answer(ahead)
  }
  t.ok(Math.abs(answer(ahead) - ahead) <= 0.5)
})

t.test('warns above five seconds once, and says when it is over', async (t) => {
  const { answer, log } = testClock()
  for (const ahead of [0, 4, -4, 5.6, 7, 4.5, 6, 20, -20]) {
    answer(ahead)
  }
  t.strictSame(
    log.map(({ level }) => level),
    [40],
  )
  t.match(log[0], { msg: /clock.*apart/ })
  answer(0)
  answer(1)
  answer(-6)
  t.strictSame(
    log.map(({ level }) => level),
    [40, 30, 40],
  )
  t.ok(Math.abs(log[2].offsetSeconds + 6) <= 0.5)
})

t.test('what is no date, and an answer from before its question, say nothing', async (t) => {
  const { clock } = testClock()
  clock.observe('yesterday', 0, 1)
  clock.observe('', 0, 1)
  clock.observe(new Date().toUTCString(), 2, 1)
  t.equal(clock.offsetSeconds, undefined)
})
