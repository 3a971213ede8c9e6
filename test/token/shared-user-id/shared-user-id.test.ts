import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import {
  type SharedUserIdSettings,
  SharedUserIdWatch,
  sharedUserIdDefaults,
  sharedUserIdSettings,
} from '../../../src/token/shared-user-id/shared-user-id.ts'

const settings = { share: 0.5, minimum: 20, refuse: false }
const minute = 60_000

/** Asks `count` times for one id, a millisecond apart, and says how many times it was over. */
function ask(
  watch: SharedUserIdWatch,
  {
    count,
    id,
    now,
    rules = settings,
  }: { count: number; id: string; now: number; rules?: SharedUserIdSettings },
): number {
  let over = 0
  for (let i = 0; i < count; i++) {
    if (watch.observe(id, rules, now + i) !== undefined) {
      over++
    }
  }
  return over
}

t.test('an id is over from its minimum on, when it has more than its share', async (t) => {
  const watch = new SharedUserIdWatch()
  t.equal(ask(watch, { count: 19, id: 'x', now: 0 }), 0)
  const found = watch.observe('x', settings, 19)
  t.match(found, { due: true, alarm: { count: 20, total: 20, since: 19, userIdHash: /^[0-9a-f]{12}$/ } })
  t.equal(watch.observe('y', settings, 20), undefined, 'and the others are not')
  t.equal(watch.alarms, 1)
})

t.test('exactly the share is not above it', async (t) => {
  const watch = new SharedUserIdWatch()
  for (let i = 0; i < 20; i++) {
    ask(watch, { count: 1, id: `other-${i}`, now: i })
  }
  t.equal(ask(watch, { count: 20, id: 'x', now: 20 }), 0)
  t.equal(ask(watch, { count: 1, id: 'x', now: 40 }), 1)
})

t.test('an alarm is due once, and again only after ten minutes', async (t) => {
  const watch = new SharedUserIdWatch()
  let due = 0
  for (let now = 0; now < 25 * minute; now += 1_000) {
    if (watch.observe('x', settings, now)?.due) {
      due++
    }
  }
  t.equal(due, 3)
})

t.test('an alarm ends within twelve minutes of its cause, once, while others go on', async (t) => {
  const watch = new SharedUserIdWatch()
  ask(watch, { count: 500, id: 'x', now: 0 })
  let ended = Number.NaN
  let endings = 0
  for (let now = 1_000; now < 30 * minute; now += 1_000) {
    watch.observe(`other-${now}`, settings, now)
    for (const _ of now % 10_000 === 0 ? watch.advance(now) : []) {
      ended = now
      endings++
    }
  }
  t.equal(endings, 1)
  t.ok(ended <= 12 * minute, `it ended after ${ended / 1_000} s`)
  t.equal(watch.alarms, 0)
})

t.test('an alarm ends although nobody asks for anything any more', async (t) => {
  const watch = new SharedUserIdWatch()
  ask(watch, { count: 500, id: 'x', now: 0 })
  for (let now = 0; now <= 6 * 60 * minute; now += 10_000) {
    watch.advance(now)
  }
  t.equal(watch.alarms, 0)
  t.ok(watch.empty)
})

t.test('an alarm does not come and go about the limit', async (t) => {
  const watch = new SharedUserIdWatch()
  let raised = 0
  let ended = 0
  // 40 % to 60 % of the requests, up and down
  for (let i = 0; i < 3_600; i++) {
    const now = i * 1_000
    const part = 0.5 + 0.1 * Math.sin(i / 100)
    const id = (i * 0.618) % 1 < part ? 'x' : `other-${i}`
    if (watch.observe(id, settings, now)?.alarm.since === now) {
      raised++
    }
    if (i % 10 === 0) {
      ended += watch.advance(now).length
    }
  }
  t.equal(raised, 1)
  t.equal(ended, 0)
})

t.test('a slow flood is over as well: four times the minimum within six hours', async (t) => {
  const watch = new SharedUserIdWatch()
  // One request in ten carries the id, six a minute: fewer than a busy visitor's in ten minutes.
  let since: number | undefined
  for (let i = 0; i < 6 * 3_600 && since === undefined; i++) {
    const id = i % 10 === 0 ? 'x' : `other-${i}`
    since = watch.observe(id, sharedUserIdDefaults, i * 1_000)?.alarm.since
  }
  const earliest = (4 * sharedUserIdDefaults.minimum - 1) * 10_000
  // A count may be too low by a thousandth of the total: a hundredth of this id's.
  t.ok(since !== undefined && since >= earliest && since <= earliest * 1.02, `over after ${since} ms`)
})

t.test('a share of 1 turns the alarm off, even one that lasts', async (t) => {
  const watch = new SharedUserIdWatch()
  const off = sharedUserIdSettings({ share: 1 })
  t.equal(ask(watch, { count: 1_000, id: 'x', now: 0, rules: off }), 0)
  t.not(ask(watch, { count: 1, id: 'x', now: 1_000 }), 0)
  watch.observe('x', off, 1_001)
  t.equal(watch.advance(1_002).length, 1)
})

t.test('what a profile leaves out is as in the defaults', async (t) => {
  t.strictSame(sharedUserIdSettings(), { share: 0.005, minimum: 300, refuse: false })
  t.strictSame(sharedUserIdSettings({ refuse: true }), { ...sharedUserIdDefaults, refuse: true })
})

t.test('the highest share is told once there is enough to tell', async (t) => {
  const watch = new SharedUserIdWatch()
  t.equal(watch.highestShare(), 0)
  ask(watch, { count: 19, id: 'x', now: 0 })
  t.equal(watch.highestShare(), 0)
  ask(watch, { count: 6, id: 'x', now: 19 })
  for (let i = 0; i < 75; i++) {
    ask(watch, { count: 1, id: `other-${i}`, now: 25 + i })
  }
  t.equal(watch.highestShare(), 0.25)
})

t.test('memory is bounded, whatever is asked for', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heap = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const watches: SharedUserIdWatch[] = []
  const before = heap()
  // Twelve hours of ids that are all different: every part of both windows fills, again and again.
  for (let n = 0; n < 5; n++) {
    const watch = new SharedUserIdWatch()
    for (let i = 0; i < 36_000; i++) {
      watch.observe(`${n}-${i}`, sharedUserIdDefaults, i * 1_200)
    }
    watches.push(watch)
  }
  const sparse = (heap() - before) / watches.length
  // And once more with as many as make the sketch drop keys all the time.
  for (const watch of watches) {
    for (let i = 0; i < 100_000; i++) {
      watch.observe(`dense-${i}`, sharedUserIdDefaults, 43_200_000 + i * 12)
    }
  }
  const dense = (heap() - before) / watches.length
  t.comment(
    `memory of a profile's sketch: ${Math.round(sparse / 1024)} KiB, dense ${Math.round(dense / 1024)} KiB`,
  )
  t.ok(Math.max(sparse, dense) < 1024 * 1024)
  t.equal(watches.length, 5, 'they were all alive when they were measured')
})
