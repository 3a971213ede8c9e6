import t from 'tap'
import { startService } from '../support/service.ts'
import { tcpProxy } from '../support/tcp-proxy.ts'
import { testVault } from '../support/vault.ts'
import { testSubject } from './harness/subject.ts'
import { tryFault } from './harness/trial.ts'

const vault = await testVault(t)
const subject = await testSubject(t, vault)
const proxy = await tcpProxy(t, vault.address)
const service = await startService(t, subject, { VAULT_ADDR: proxy.address })
const ground = {
  load: { urls: [service.url], token: await subject.callers.token() },
  recipient: subject.recipient,
  auditLog: vault.auditLog,
}

let breaking = () => {}

t.test('connections that break in the middle of an answer', (t) =>
  tryFault(t, ground, {
    fault: 'Connection to Vault reset in the middle of an answer, once a second',
    codes: [],
    async cause() {
      const timer = setInterval(() => proxy.resetNextAnswers(), 1_000)
      t.teardown(() => clearInterval(timer))
      proxy.resetNextAnswers()
    },
    lastsMs: 4_000,
    cure: async () => {},
    afterMs: 3_000,
  }),
)

t.test('answers that break off, about every third', (t) =>
  tryFault(t, ground, {
    fault: 'About every third answer of Vault broken off in its middle',
    codes: ['vault_unavailable'],
    async cause() {
      const timer = setInterval(() => proxy.resetNextAnswers(), 75)
      breaking = () => clearInterval(timer)
      t.teardown(breaking)
    },
    lastsMs: 6_000,
    cure: async () => breaking(),
  }),
)

const latencies = [
  { text: '200 ms', latencyMs: 200, lastsMs: 4_000, codes: [] },
  {
    text: '5 s',
    latencyMs: 5_000,
    lastsMs: 7_000,
    codes: ['vault_timeout', 'vault_unavailable', 'overloaded'],
  },
] as const
for (const { text, latencyMs, lastsMs, codes } of latencies) {
  t.test(`${text} of latency`, (t) =>
    tryFault(t, ground, {
      fault: `${text} of latency to Vault`,
      codes: [...codes],
      cause: async () => {
        proxy.latencyMs = latencyMs
      },
      lastsMs,
      cure: async () => {
        proxy.latencyMs = 0
      },
    }),
  )
}

t.test('nothing listens, and then it does', (t) =>
  tryFault(t, ground, {
    fault: 'Every connection to Vault refused',
    codes: ['vault_unavailable'],
    cause: async () => {
      proxy.target = undefined
      proxy.resetAll()
    },
    lastsMs: 3_000,
    cure: async () => {
      proxy.target = vault.address
    },
  }),
)
