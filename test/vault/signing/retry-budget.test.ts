import t from 'tap'
import { RetryBudget } from '../../../src/vault/signing/retry-budget.ts'

t.test('a few retries at once, and then none without calls', async (t) => {
  const budget = new RetryBudget()
  const spent = Array.from({ length: 10 }, () => budget.spend()).filter(Boolean)
  t.equal(spent.length, 4)
})

t.test('however many calls fail, no more than 1.1 times as many go out', async (t) => {
  const budget = new RetryBudget()
  let out = 0
  for (let call = 0; call < 250; call++) {
    budget.earn()
    out += 1
    while (budget.spend()) {
      out += 1
    }
  }
  t.ok(out <= 250 * 1.1, `${out}`)
  t.ok(out > 250 * 1.05, 'and yet retries are made')
})

t.test('quiet times save up no more than a few', async (t) => {
  const budget = new RetryBudget()
  for (let call = 0; call < 10_000; call++) {
    budget.earn()
  }
  t.equal(Array.from({ length: 10 }, () => budget.spend()).filter(Boolean).length, 4)
})
