import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { EventLoopDelay } from '../../../src/http/overload/event-loop-delay.ts'

const still = new Int32Array(new SharedArrayBuffer(4))
/** Stops the whole process, which takes no processor time meanwhile. */
const standStill = (ms: number) => Atomics.wait(still, 0, 0, ms)

t.test('a process that stood still once is not late', async (t) => {
  const loop = new EventLoopDelay(400)
  t.teardown(() => loop.stop())
  await sleep(60)
  standStill(3_000)
  // Both timers are due: the measure's own, and the interval's.
  await sleep(20)
  t.ok(loop.meanMs < 200)
})

t.test('one that stands still again and again is', async (t) => {
  const loop = new EventLoopDelay(1_000)
  t.teardown(() => loop.stop())
  for (let i = 0; i < 5; i++) {
    await sleep(1)
    standStill(300)
  }
  await sleep(20)
  t.ok(loop.meanMs > 50)
})

t.test('a loop with one turn in an interval is late by all of it', async (t) => {
  const loop = new EventLoopDelay(20)
  t.teardown(() => loop.stop())
  let latest = 0
  for (let i = 0; i < 5; i++) {
    standStill(500)
    await sleep(1)
    latest = Math.max(latest, loop.meanMs)
  }
  t.ok(latest > 200)
})
