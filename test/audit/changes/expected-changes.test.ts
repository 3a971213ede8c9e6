import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { auditRunner, loggedService, reconciled } from '../../support/audit.ts'
import { testBackend } from '../../support/service.ts'

const backend = await testBackend(t)
const { vault } = backend
const { api } = vault
const run = await auditRunner(vault)
const service = await loggedService(t, backend)
await api('GET', 'auth/token/lookup-self')
await sleep(10)
const since = Date.now()
await service.issue({ userId: 'shopper-1' })
await api('POST', 'transit/keys/padlock-default/rotate')
await api('POST', 'transit/keys/padlock-new', { type: 'rsa-2048' })
await api('PUT', 'sys/policies/acl/team-a', { policy: 'path "x" { capabilities = ["read"] }' })
await api('PUT', 'sys/policies/acl/team-b', { policy: 'path "x" { capabilities = ["read"] }' })
await sleep(20)
const until = Date.now()
const at = (ms: number) => new Date(ms).toISOString()
const interval = { by: 'token', from: at(since), until: at(until) }
const logs = { log: [vault.auditLog], issuanceLog: [service.issuanceLog] }
const file = join(vault.dir, 'expected.json')

async function compare(expected: object[]) {
  await writeFile(file, JSON.stringify(expected))
  return reconciled(run, { since, until }, logs, ['--expected-changes', file])
}
const all = [
  { kind: 'key_rotated', ...interval, path: 'transit/keys/padlock-default/rotate', reason: 'CHG-1' },
  { kind: 'key_created', ...interval },
  { kind: 'policy_changed', ...interval, path: 'sys/policies/acl/team-*' },
]

t.test('signatures and changes are told apart', async (t) => {
  const report = await compare([])
  t.equal(report.verdict.text, '1 of 1 signature accounted for; 4 changes to look at.')
  t.equal(report.exitCode, 1)
  const words = ['reconcile', '--since', at(since), '--until', at(until), '--log', vault.auditLog]
  const outcome = await run([...words, '--issuance-log', service.issuanceLog])
  t.match(outcome.stdout, /\n1 of 1 signature accounted for; 4 changes to look at\.\n$/)
})

t.test('changes that were planned are listed, and are no findings', async (t) => {
  const report = await compare(all)
  t.match(report, {
    exitCode: 0,
    findings: [],
    unseenChanges: [],
    verdict: { expectedChanges: 4, changes: 0 },
  })
  t.equal(report.verdict.text, '1 of 1 signature accounted for; 4 expected changes.')
  t.match(report.expectedChanges[0], { kind: 'key_rotated', by: 'token' })
})

const kinds = ({ findings }: { findings: { kind: string }[] }) => findings.map(({ kind }) => kind)

t.test('only what was planned: kind, person, time and path', async (t) => {
  for (const [what, change] of [
    ['another kind', { kind: 'key_deleted' }],
    ['somebody else', { by: 'tokens' }],
    ['earlier', { from: at(since - 60_000), until: at(since) }],
    ['later', { from: at(until), until: at(until + 60_000) }],
    ['another path', { path: 'transit/keys/padlock-default' }],
  ] as const) {
    const report = await compare([{ ...all[0], ...change }, ...all.slice(1)])
    t.strictSame(kinds(report), ['key_rotated'], what)
    t.match(report, { exitCode: 1, unseenChanges: [change] }, what)
  }
  t.strictSame(kinds(await compare([all[0] as object, all[1] as object])), [
    'policy_changed',
    'policy_changed',
  ])
})

t.test('a signature and a login are never expected', async (t) => {
  const never = [
    ...['unexplained_signature', 'batch_differs', 'issuance_without_signature', 'probe_differs'],
    ...[
      'signer_token_made',
      'signer_token_used',
      'log_gap',
      'log_unusable',
      'lines_lost',
      'foreign_log',
      'x',
    ],
  ]
  for (const kind of never) {
    await writeFile(file, JSON.stringify([{ kind, ...interval }]))
    const outcome = await run([
      ...['reconcile', '--since', at(since), '--until', at(until), '--log', vault.auditLog],
      ...['--issuance-log', service.issuanceLog, '--expected-changes', file],
    ])
    t.match(outcome, { exitCode: 2, stderr: /\/0\/kind can only be a change: / }, kind)
  }
})

t.test('a file that cannot be used is wrong usage', async (t) => {
  const [one] = all
  for (const [content, message] of [
    ['', /is not JSON/],
    ['{}', /is not a list/],
    [JSON.stringify([{ kind: 'key_rotated' }]), /is not a list .*\/0/],
    [JSON.stringify([{ ...one, who: 'x' }]), /is not a list .*\/0/],
    [JSON.stringify([{ ...one, by: '' }]), /is not a list .*\/0\/by/],
    [JSON.stringify([{ ...one, from: 'yesterday' }]), /\/0 needs times/],
    [JSON.stringify([{ ...one, from: '2026-02-30T00:00:00Z' }]), /\/0 needs times/],
    [JSON.stringify([{ ...one, from: one?.until, until: one?.from }]), /\/0\/from must be earlier/],
  ] as const) {
    await writeFile(file, content)
    const outcome = await run([
      ...['reconcile', '--since', at(since), '--until', at(until), '--log', vault.auditLog],
      ...['--issuance-log', service.issuanceLog, '--expected-changes', file],
    ])
    t.match(outcome, { exitCode: 2, stderr: message })
  }
  const missing = ['--issuance-log', service.issuanceLog, '--expected-changes', '/nowhere']
  const outcome = await run(['reconcile', '--since', '1h', '--log', vault.auditLog, ...missing])
  t.match(outcome, { exitCode: 2, stderr: /ENOENT/ })
})
