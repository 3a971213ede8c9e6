import t from 'tap'
import { RecentCounts } from '../../../src/token/shared-user-id/recent-counts.ts'

const span = { partMs: 100, longestPartMs: 1_000 }

t.test('dense traffic: what is older than six parts is forgotten', async (t) => {
  const counts = new RecentCounts(span)
  for (let now = 0; now < 400; now++) {
    counts.add(1, now, 0)
  }
  t.equal(counts.count(1), 400)
  for (let now = 400; now < 900; now++) {
    counts.add(2, now, 0)
  }
  t.equal(counts.count(1), 100, 'of the older key only the sixth part from now is left')
  t.equal(counts.count(2), 500)
  t.equal(counts.total, 600)
  t.equal(counts.highest(), 500)
})

t.test('thin traffic: the window grows until it holds enough', async (t) => {
  const counts = new RecentCounts(span)
  for (let now = 0; now < 4_000; now += 50) {
    counts.add(1, now, 50)
  }
  t.ok(counts.total >= 50 && counts.total <= 60, `${counts.total} keys`)
})

t.test('nothing is kept beyond six times the longest part, with or without new keys', async (t) => {
  const idle = new RecentCounts(span)
  idle.add(1, 0, 1_000)
  for (let now = 0; now < 5_999; now += 10) {
    idle.advance(now, 1_000)
  }
  t.equal(idle.count(1), 1)
  idle.advance(6_000, 1_000)
  t.equal(idle.total, 0)
  const woken = new RecentCounts(span)
  woken.add(1, 0, 1_000)
  woken.add(2, 60_000, 1_000)
  t.equal(woken.total, 1, 'a long sleep is followed by a window of the new key alone')
})

t.test('an empty window answers as one', async (t) => {
  const counts = new RecentCounts(span)
  counts.advance(1_000, 0)
  t.strictSame([counts.total, counts.count(1), counts.highest()], [0, 0, 0])
})
