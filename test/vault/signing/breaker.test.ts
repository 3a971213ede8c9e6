import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type ErrorCode, PadlockError } from '../../../src/errors.ts'
import type { Log } from '../../../src/log.ts'
import { VaultBreaker } from '../../../src/vault/signing/breaker.ts'
import { until } from '../../support/wait.ts'

const failing = (code: ErrorCode) => () => Promise.reject(new PadlockError(code))
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'ok',
    (error: PadlockError) => error.code,
  )

/** A breaker, open after calls that failed with a code. */
async function broken(code: ErrorCode = 'vault_unavailable') {
  const lines: string[] = []
  const log: Log['info'] = (_fields: object, message?: string) => lines.push(String(message))
  const breaker = new VaultBreaker({ info: log, warn: log })
  for (let i = 0; i < 5; i++) {
    await codeOf(breaker.run(failing(code)))
  }
  return { breaker, lines }
}

t.test('calls pass, and what they throw, until five of them were not served', async (t) => {
  const { breaker } = await broken()
  t.equal(breaker.state, 'open')
  let called = false
  const call = async () => {
    called = true
  }
  await t.rejects(breaker.run(call), { code: 'vault_unavailable', retryAfter: 1 })
  t.notOk(called, 'and then none is made')
  t.match(breaker.refusal(), { code: 'vault_unavailable', retryAfter: 1 })
})

t.test('a success between them starts the count again', async (t) => {
  const breaker = new VaultBreaker()
  for (let i = 0; i < 20; i++) {
    await codeOf(breaker.run(i % 4 === 3 ? async () => {} : failing('vault_unavailable')))
  }
  t.equal(breaker.state, 'closed')
  t.equal(breaker.refusal(), undefined)
})

t.test("Vault's own refusals of one call are no outage", async (t) => {
  const breaker = new VaultBreaker()
  for (const code of ['vault_denied', 'vault_throttled', 'signing_key_missing', 'internal_error'] as const) {
    for (let i = 0; i < 10; i++) {
      t.equal(await codeOf(breaker.run(failing(code))), code)
    }
  }
  t.equal(breaker.state, 'closed')
})

t.test('a sealed Vault is told as such, with the time that the code itself says', async (t) => {
  const { breaker } = await broken('vault_sealed')
  t.match(breaker.refusal(), { code: 'vault_sealed', retryAfter: 5 })
})

t.test('a call that had hardly any time tells nothing of Vault', async (t) => {
  const { breaker } = await broken('vault_timeout')
  t.equal(breaker.state, 'closed')
  const late = () => sleep(510).then(failing('vault_timeout'))
  t.strictSame(
    await Promise.all([breaker.run(late), breaker.run(late)].map(codeOf)),
    Array(2).fill('vault_timeout'),
  )
  t.equal(breaker.state, 'open', 'two that waited long are enough')
  t.match(breaker.refusal(), { code: 'vault_unavailable' }, 'who was not kept waiting did not time out')
})

t.test('after a pause a single call is let through; it closes the breaker, or opens it again', async (t) => {
  const { breaker, lines } = await broken()
  await until(() => breaker.state === 'half_open')
  t.equal(breaker.refusal(), undefined)
  t.equal(await codeOf(breaker.run(failing('vault_unavailable'))), 'vault_unavailable')
  t.equal(breaker.state, 'open')
  await until(() => breaker.state === 'half_open')

  const served = Promise.withResolvers<string>()
  const probe = breaker.run(() => served.promise)
  t.match(breaker.refusal(), { code: 'vault_unavailable' }, 'new ones are refused meanwhile')
  let second = false
  const other = breaker.run(async () => {
    second = true
  })
  await sleep(20)
  t.notOk(second, 'one that came before waits for what it finds')
  served.resolve('signed')
  t.equal(await probe, 'signed')
  await other
  t.ok(second)
  t.equal(breaker.state, 'closed')
  t.equal(lines.length, 2, 'one line for the outage, one for its end')
})

t.test('a refusal by Vault is an answer: it closes the breaker', async (t) => {
  const { breaker } = await broken()
  await until(() => breaker.state === 'half_open')
  t.equal(await codeOf(breaker.run(failing('vault_denied'))), 'vault_denied')
  t.equal(breaker.state, 'closed')
})

t.test('a single call that had hardly any time finds out nothing: the next one is let through', async (t) => {
  const { breaker } = await broken()
  await until(() => breaker.state === 'half_open')
  const first = breaker.run(failing('vault_timeout'))
  const fails = Promise.withResolvers<void>()
  const next = breaker.run(() => fails.promise.then(failing('vault_unavailable')))
  t.equal(await codeOf(first), 'vault_timeout')
  t.equal(breaker.state, 'half_open')
  fails.resolve()
  t.equal(await codeOf(next), 'vault_unavailable', 'it waited, and was made')
  t.equal(breaker.state, 'open')
})

t.test('a single call that hangs makes room for the next; served late, it closes the breaker', async (t) => {
  const { breaker } = await broken()
  await until(() => breaker.state === 'half_open')
  const served = Promise.withResolvers<string>()
  const slow = breaker.run(() => served.promise)
  await until(() => breaker.refusal() === undefined)
  t.equal(await codeOf(breaker.run(failing('vault_unavailable'))), 'vault_unavailable', 'the next was made')
  t.equal(breaker.state, 'open')
  served.resolve('signed')
  t.equal(await slow, 'signed', 'its own callers get what they waited for')
  t.equal(breaker.state, 'closed')
})

t.test('a Vault that is seen well closes it at once, but for one that hangs', async (t) => {
  const { breaker } = await broken('vault_sealed')
  breaker.vaultIsWell()
  t.equal(breaker.state, 'closed')

  const late = () => sleep(510).then(failing('vault_timeout'))
  await Promise.all([breaker.run(late), breaker.run(late)].map(codeOf))
  breaker.vaultIsWell()
  t.equal(breaker.state, 'open')
})

t.test('a system clock that is set back does not keep it open', async (t) => {
  const { breaker } = await broken()
  const { now } = Date
  t.teardown(() => {
    Date.now = now
  })
  Date.now = () => now() - 3_600_000
  await until(() => breaker.refusal() === undefined)
  t.equal(await codeOf(breaker.run(async () => {})), 'ok')
  t.equal(breaker.state, 'closed')
})
