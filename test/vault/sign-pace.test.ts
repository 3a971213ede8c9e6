import t from 'tap'
import { SignPace } from '../../src/vault/sign-pace.ts'

t.test('nothing is expected before a full call has been answered', async (t) => {
  const pace = new SignPace(10)
  t.equal(pace.expectedMs(1_000, 2), 0)
  // As in the first moment of a burst: one signature, and a long wait for the event loop.
  pace.answered(1, 5_000)
  t.equal(pace.expectedMs(1_000, 2), 0)
})

t.test('a signature waits for those before it, and then for its own call', async (t) => {
  const pace = new SignPace(10)
  pace.answered(10, 100)
  t.equal(pace.expectedMs(20, 1), 300)
  t.equal(pace.expectedMs(20, 2), 200)
  t.equal(pace.expectedMs(5, 1), 100, 'a call that is half full takes half as long')
})

t.test('it follows a Vault that becomes slower', async (t) => {
  const pace = new SignPace(10)
  pace.answered(10, 100)
  for (let i = 0; i < 50; i++) pace.answered(10, 1_000)
  t.equal(Math.round(pace.expectedMs(10, 1)), 2_000)
})

t.test('small calls show at once that Vault is fast again, and never make it slower', async (t) => {
  const pace = new SignPace(10)
  pace.answered(10, 1_900)
  pace.answered(1, 5)
  t.equal(pace.expectedMs(10, 1), 100)
  pace.answered(1, 5_000)
  t.equal(pace.expectedMs(10, 1), 100)
})

t.test('one long call among many short ones changes little', async (t) => {
  const pace = new SignPace(1)
  for (let i = 0; i < 1_000; i++) pace.answered(1, 3)
  pace.answered(1, 300)
  t.ok(pace.expectedMs(100, 1) < 700)
})
