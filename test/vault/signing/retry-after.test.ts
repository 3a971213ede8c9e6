import t from 'tap'
import { RetryAfter } from '../../../src/vault/signing/retry-after.ts'

/** What so many callers are told, one after another. */
const told = (retryAfter: RetryAfter, callers: number, perSecond: number | undefined) =>
  Array.from({ length: callers }, () => retryAfter.refuse(perSecond).retryAfter)

t.test('callers are told to come back one after the other, as fast as there is time for them', async (t) => {
  // Half of what Vault signs is theirs: 50 in each second.
  const seconds = told(new RetryAfter(), 200, 100)
  t.strictSame(
    [1, 2, 3, 4, 5].map((second) => seconds.filter((one) => one === second).length),
    [49, 50, 50, 50, 1],
  )
})

t.test('nobody waits for longer than 15 seconds', async (t) => {
  const retryAfter = new RetryAfter()
  t.strictSame(new Set(told(retryAfter, 100_000, 100).slice(750)), new Set([15]))
  // However many they were: those of 15 seconds are all that is remembered.
  retryAfter.signed(1_400)
  t.equal(retryAfter.refuse(100).retryAfter, 2)
})

t.test('what Vault has signed since makes the time shorter', async (t) => {
  const retryAfter = new RetryAfter()
  told(retryAfter, 200, 100)
  retryAfter.signed(200)
  t.equal(retryAfter.refuse(100).retryAfter, 3)
  retryAfter.signed(1_000)
  t.equal(retryAfter.refuse(100).retryAfter, 1)
})

t.test('it is 1 second while it is not known how fast Vault is', async (t) => {
  t.strictSame(new Set(told(new RetryAfter(), 1_000, undefined)), new Set([1]))
})

t.test('each is a refusal like the others', async (t) => {
  t.match(new RetryAfter().refuse(100), { code: 'overloaded', status: 503 })
})
