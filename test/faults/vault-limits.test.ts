import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { startService } from '../support/service.ts'
import { testVault } from '../support/vault.ts'
import { testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

const vault = await testVault(t)
const subject = await testSubject(t, vault)
const { api } = subject
const service = await startService(t, subject)
const ground = {
  load: { urls: [service.url], token: await subject.callers.token() },
  recipient: subject.recipient,
  auditLog: vault.auditLog,
}

t.test('a rate limit quota', (t) =>
  tryFault(t, ground, {
    fault: 'Rate limit quota of Vault at 5 calls a second',
    codes: ['vault_throttled'],
    cause: () => api('POST', 'sys/quotas/rate-limit/padlock', { rate: 5, path: 'transit/' }),
    lastsMs: 4_000,
    cure: () => api('DELETE', 'sys/quotas/rate-limit/padlock'),
  }),
)

t.test('an audit device that blocks', async (t) => {
  const pipe = join(subject.dir, 'audit')
  execFileSync('mkfifo', [pipe])
  const reader = spawn('cat', [pipe], { stdio: ['ignore', 'ignore', 'inherit'] })
  t.teardown(() => reader.kill('SIGKILL'))
  await api('PUT', 'sys/audit/pipe', { type: 'file', options: { file_path: pipe } })
  await tryFault(t, ground, {
    fault: 'Audit device of Vault that blocks, and reads on',
    codes: ['vault_timeout', 'vault_unavailable', 'overloaded'],
    // The pipe itself takes some entries before Vault waits for it.
    cause: async () => reader.kill('SIGSTOP'),
    lastsMs: 8_000,
    cure: async () => reader.kill('SIGCONT'),
  })
})
