import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startService, testBackend } from '../../support/service.ts'
import { tcpProxy } from '../../support/tcp-proxy.ts'

const backend = await testBackend(t)
const proxy = await tcpProxy(t, backend.vault.address)
const service = await startService(t, backend, {
  VAULT_ADDR: proxy.address,
  PADLOCK_REQUEST_DEADLINE_MS: '60000',
  PADLOCK_SIGN_IN_FLIGHT: '2',
  PADLOCK_SIGN_BATCH_MAX: '1',
})
/** Two calls sign at once; beside them Padlock looks at Vault's health, at its session and, as it starts, at profiles. */
const handful = 10

/** So many tokens, each with a call of its own to Vault. */
async function issue(t: Test, tokens: number): Promise<void> {
  const answers = await Promise.all(
    Array.from({ length: tokens }, (_, i) => service.issue({ userId: `u-${i}` })),
  )
  t.ok(answers.every(({ status }) => status === 200))
}

t.test('hundreds of tokens go over a handful of connections to Vault', async (t) => {
  for (let round = 0; round < 4; round++) {
    await issue(t, 100)
  }
  t.ok(proxy.opened >= 2 && proxy.opened <= handful, `${proxy.opened} connections`)
  t.equal(proxy.closed, 0)
})

t.test('which are still there after a pause', async (t) => {
  // Longer than an HTTP client keeps an idle connection that was not told to: 4 s in undici, 5 s in Node.
  await sleep(7_000)
  t.equal(proxy.closed, 0)
  await issue(t, 100)
  t.ok(proxy.opened <= handful, `${proxy.opened} connections`)
  t.equal(proxy.closed, 0)
})
