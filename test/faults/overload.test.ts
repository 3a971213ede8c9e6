import t from 'tap'
import { startService } from '../support/service.ts'
import { tcpProxy } from '../support/tcp-proxy.ts'
import { testVault } from '../support/vault.ts'
import { endOf, signCalls } from './harness/sign-calls.ts'
import { testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

const vault = await testVault(t)
const subject = await testSubject(t, vault)
const proxy = await tcpProxy(t, vault.address)
const service = await startService(t, subject, {
  VAULT_ADDR: proxy.address,
  PADLOCK_SIGN_IN_FLIGHT: '1',
  PADLOCK_SIGN_BATCH_MAX: '1',
})

t.test('six times as many requests as can be signed', async (t) => {
  const from = await endOf(vault.auditLog)
  const { tokens } = await tryFault(
    t,
    {
      load: { urls: [service.url], token: await subject.callers.token(), perSecond: 60 },
      recipient: subject.recipient,
      auditLog: vault.auditLog,
    },
    {
      fault: 'Six times as many requests as can be signed (one call of 100 ms at a time)',
      codes: ['overloaded', 'vault_timeout'],
      cause: async () => {
        proxy.latencyMs = 100
      },
      lastsMs: 8_000,
      cure: async () => {
        proxy.latencyMs = 0
      },
    },
  )
  const { signatures } = await signCalls(vault.auditLog, from)
  t.ok(signatures <= tokens * 1.1, `${signatures} signatures made, for ${tokens} tokens`)
})
