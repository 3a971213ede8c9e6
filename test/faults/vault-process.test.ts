import t from 'tap'
import { startService } from '../support/service.ts'
import { RaftNode } from './harness/raft-node.ts'
import { testFolder, testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

// Each fault takes its time.
const vault = await RaftNode.start(t, await testFolder(t), 'node')
const { rootToken } = await vault.initialize()
const subject = await testSubject(t, { address: vault.address, rootToken })
const service = await startService(t, subject)
const ground = {
  load: { urls: [service.url], token: await subject.callers.token() },
  recipient: subject.recipient,
}

t.test('sealed, and unsealed', (t) =>
  tryFault(t, ground, {
    fault: 'Vault sealed, and unsealed',
    codes: ['vault_sealed', 'vault_unavailable'],
    cause: () => vault.seal(),
    lastsMs: 3_000,
    cure: () => vault.unseal(),
  }),
)

t.test('killed, and restarted', (t) =>
  tryFault(t, ground, {
    fault: 'Vault killed, and restarted',
    codes: ['vault_sealed', 'vault_unavailable'],
    cause: () => vault.kill(),
    lastsMs: 3_000,
    async cure() {
      await vault.restart()
      await vault.unseal()
    },
  }),
)

t.test('paused, and resumed', (t) =>
  tryFault(t, ground, {
    fault: 'Vault paused (SIGSTOP), and resumed',
    codes: ['vault_timeout', 'vault_unavailable', 'overloaded'],
    cause: async () => process.kill(vault.pid, 'SIGSTOP'),
    lastsMs: 5_000,
    cure: async () => process.kill(vault.pid, 'SIGCONT'),
  }),
)
