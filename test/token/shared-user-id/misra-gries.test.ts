import fc from 'fast-check'
import t from 'tap'
import { MisraGries } from '../../../src/token/shared-user-id/misra-gries.ts'

t.test('a count is never too high, and too low by no more than total / (capacity + 1)', async (t) => {
  const stream = fc.array(fc.nat({ max: 30 }), { maxLength: 400 })
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 12 }), (keys, capacity) => {
      const counts = new MisraGries(capacity)
      const truth = new Map<number, number>()
      for (const key of keys) {
        counts.add(key)
        truth.set(key, (truth.get(key) ?? 0) + 1)
      }
      const slack = keys.length / (capacity + 1)
      for (const [key, count] of truth) {
        if (counts.count(key) > count || counts.count(key) < count - slack) {
          return false
        }
      }
      return counts.total === keys.length && [...counts.entries()].length <= capacity
    }),
    { seed: 4, numRuns: 2_000 },
  )
  t.pass()
})

t.test('a key that was never added counts for nothing', async (t) => {
  t.equal(new MisraGries(3).count(7), 0)
})
