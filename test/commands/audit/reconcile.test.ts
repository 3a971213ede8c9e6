import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { AskedRecord, IssuanceRecord } from '../../../src/issuance/issuance-record.ts'
import { auditRunner, loggedService, reconciled } from '../../support/audit.ts'
import { askedOf, issuanceRecords, issuedOf } from '../../support/issuance.ts'
import { testBackend } from '../../support/service.ts'

const backend = await testBackend(t)
const { vault } = backend
const { api } = vault
await backend.addProfile('shop')
await api('POST', 'transit/keys/padlock-open', {
  type: 'rsa-2048',
  exportable: true,
  allow_plaintext_backup: true,
})
await api('POST', 'transit/keys/padlock-spare', { type: 'rsa-2048' })
await api('POST', 'sys/auth/approle', { type: 'approle' })
const run = await auditRunner(vault)

// Two instances, two profiles, many at once, and a probe of each for a new version of a key.
const env = { PADLOCK_REQUEST_DEADLINE_MS: '30000', PADLOCK_PROFILE_REFRESH_SECONDS: '1' }
const services = [await loggedService(t, backend, env), await loggedService(t, backend, env)]
await api('POST', 'transit/keys/padlock-shop/rotate')
const shop = (await api('GET', 'secret/data/padlock/profiles/shop')).body.data.data
await api('POST', 'secret/data/padlock/profiles/shop', { data: { ...shop, signingKeyVersion: 2 } })
// The change of the profile is in Vault's log with the millisecond in which it was answered.
await sleep(10)
const start = Date.now()
for (const service of services) {
  await service.logged({ profile: 'shop', keyVersion: 2 })
}
const issuanceLogs = services.map(({ issuanceLog }) => issuanceLog)
const answers = await Promise.all(
  Array.from({ length: 300 }, (_, i) =>
    services[i % 2]?.issue({ userId: `shopper-${i}` }, { profile: i % 3 ? 'default' : 'shop' }),
  ),
)
if (!answers.every((answer) => answer?.status === 200)) {
  throw new Error('not every token was issued')
}
for (const { process } of services) {
  process.kill('SIGTERM')
  await once(process, 'exit')
}
const loaded = { since: start, until: Date.now() + 20 }
await sleep(50)
/** An entry of Vault's log that is no change: the log covers all that was before. */
const goOn = () => api('GET', 'auth/token/lookup-self')
await goOn()
const logs = { log: [vault.auditLog], issuanceLog: issuanceLogs }
/** Vault's log as it was then. */
const auditLogOfLoad = join(vault.dir, 'load.log')
await writeFile(auditLogOfLoad, await readFile(vault.auditLog))
const records = await issuanceRecords(...issuanceLogs)
/** a call with more than two tokens */
const big = askedOf(records).find(({ auditIds }) => auditIds.length > 2) as AskedRecord

/** Does something in an interval of its own. */
async function during(action: () => Promise<unknown>): Promise<{ since: number; until: number }> {
  await sleep(30)
  const since = Date.now()
  await action()
  await sleep(30)
  const until = Date.now()
  await sleep(5)
  await goOn()
  return { since, until }
}

const sign = (correlationId?: string) =>
  fetch(`${vault.address}/v1/transit/sign/padlock-default/sha2-256`, {
    method: 'POST',
    headers: {
      'X-Vault-Token': vault.rootToken,
      ...(correlationId && { 'X-Correlation-Id': correlationId }),
    },
    body: JSON.stringify({
      ...{ prehashed: true, signature_algorithm: 'pkcs1v15', marshaling_algorithm: 'jws', key_version: 1 },
      batch_input: [{ input: createHash('sha256').update(randomUUID()).digest('base64') }],
    }),
  })

const kindsOf = ({ findings }: { findings: { kind: string }[] }) => findings.map(({ kind }) => kind)

t.test('two instances and two profiles under load: every signature is accounted for', async (t) => {
  const all = await reconciled(run, loaded, logs, ['--verify-hashes', 'all'])
  t.strictSame(kindsOf(all), [])
  t.equal(all.exitCode, 0)
  t.match(all.counts, { issued: 300, provedByHash: 300, provedByCount: 0, notIssued: 0 })
  t.ok(all.counts.probes > 0, 'probes are counted as such')
  t.ok(all.hashesAsked >= 300)
  const none = await reconciled(run, loaded, logs, ['--verify-hashes', 'none'])
  t.match(none, { exitCode: 0, hashesAsked: 0, counts: { issued: 300, provedByCount: 300 } })
  const some = await reconciled(run, loaded, logs, ['--verify-hashes', '50'])
  t.equal(some.exitCode, 0)
  t.equal(some.counts.provedByHash + some.counts.provedByCount, 300)
  t.ok(some.counts.provedByHash > 0)
})

t.test('rotated and compressed logs, one from standard input, one named twice', async (t) => {
  const lines = (await readFile(auditLogOfLoad, 'utf8')).split('\n')
  const half = Math.floor(lines.length / 2)
  const old = join(vault.dir, 'old.gz')
  await writeFile(old, gzipSync(`${lines.slice(0, half).join('\n')}\n`))
  const [since, until] = [loaded.since, loaded.until].map((ms) => new Date(ms).toISOString()) as [
    string,
    string,
  ]
  const args = ['reconcile', '--since', since, '--until', until, '--log', `v=${old}`, old, 'v=-']
  const outcome = await run([...args, '--issuance-log', ...issuanceLogs], lines.slice(half).join('\n'))
  t.equal(outcome.exitCode, 0, outcome.stdout + outcome.stderr)
  t.match(outcome.stdout, /as tokens +300:/)
  t.match(outcome.stdout, /^(\d+) of \1 signatures accounted for\.$/m)
})

t.test(
  'the same log without correlation ids: probes and calls of two instances are known by hash',
  async (t) => {
    const bare = join(vault.dir, 'bare.log')
    await writeFile(
      bare,
      (await readFile(auditLogOfLoad, 'utf8')).replaceAll(/"x-correlation-id":\["[^"]+"\]/g, '"x":["y"]'),
    )
    const report = await reconciled(run, loaded, { log: [bare], issuanceLog: issuanceLogs })
    t.strictSame(kindsOf(report), [])
    t.match(report, {
      exitCode: 0,
      counts: { issued: 300, provedByHash: 300 },
      withoutCorrelationIds: [bare],
    })
    t.ok(report.counts.probes > 0)
  },
)

t.test('a key that was used outside Padlock', async (t) => {
  const report = await reconciled(run, await during(() => sign()), logs)
  // Both services have ended: a log of theirs may be missing, too.
  t.strictSame(kindsOf(report), ['log_gap', 'unexplained_signature'])
  t.match(report, { exitCode: 1, findings: [{}, { by: 'token', key: 'padlock-default', unexplained: 1 }] })
  t.match(report.findings[1]?.detail, `Vault's request ${report.findings[1]?.requestId}`)
})

t.test("used under the correlation id of one of Padlock's calls", async (t) => {
  const { correlationId } = big
  const later = await during(() => sign(correlationId))
  const alone = await reconciled(run, later, logs, ['--grace', '10m'])
  // The call itself is just before the interval, and is read for its edge.
  t.strictSame(kindsOf(alone), [])
  const report = await reconciled(run, { since: loaded.since, until: later.until }, logs)
  const own = report.findings.filter((finding) => finding.correlationId === correlationId)
  t.match(own, [{ kind: 'batch_differs', unexplained: 1, unsigned: 0 }])
  t.equal(own.length, 1)
})

t.test('a probe that is none', async (t) => {
  const report = await reconciled(run, await during(() => sign('padlock-probe-x')), logs)
  t.strictSame(kindsOf(report), ['log_gap', 'probe_differs'])
})

const isOfBig = (record: IssuanceRecord) =>
  record.event !== 'lost' && record.correlationId === big.correlationId
const other = Buffer.alloc(32, 1).toString('base64url')
const [first = ''] = big.auditIds
const when = new Date(loaded.since + 1).toISOString()

/** Issuance logs that do not tell the truth, the one finding of each, and what it says. */
const tampered: [what: string, lines: IssuanceRecord[], kinds: string[], says?: object][] = [
  [
    'a token that Vault never signed',
    [
      ...records,
      ...issuedOf(records)
        .slice(0, 1)
        .map((record) => ({ ...record, correlationId: randomUUID(), requestId: randomUUID() })),
    ],
    ['issuance_without_signature'],
    { unsigned: 1 },
  ],
  [
    'a call that is not there',
    records.filter((record) => !isOfBig(record)),
    ['unexplained_signature'],
    { unexplained: big.auditIds.length },
  ],
  [
    'a call that is one short',
    records.flatMap((record) => {
      if (!isOfBig(record)) {
        return [record]
      }
      if (record.event === 'asked') {
        return [{ ...record, auditIds: big.auditIds.slice(1) }]
      }
      return record.event === 'issued' && record.auditId === first ? [] : [record]
    }),
    ['batch_differs'],
    { unexplained: 1, unsigned: 0 },
  ],
  [
    'a call of the right number, with another token in it',
    records.map((record) => {
      if (!isOfBig(record)) {
        return record
      }
      if (record.event === 'asked') {
        return { ...record, auditIds: [other, ...big.auditIds.slice(1)] }
      }
      return record.event === 'issued' && record.auditId === first ? { ...record, auditId: other } : record
    }),
    ['batch_differs'],
    { unexplained: 1, unsigned: 1, detail: /known by hash/ },
  ],
  [
    'a signature that was asked for and made no token: explained',
    records.filter((record) => !(isOfBig(record) && record.event === 'issued' && record.auditId === first)),
    [],
  ],
  [
    'lines that were lost',
    [...records, { event: 'lost', time: when, lines: 3, since: when, until: when, instance: 'x' }],
    ['lines_lost'],
  ],
]

for (const [what, lines, kinds, says] of tampered) {
  t.test(`an issuance log that has ${what}`, async (t) => {
    const file = join(vault.dir, `${randomUUID()}.log`)
    await writeFile(file, lines.map((record) => `${JSON.stringify(record)}\n`).join(''))
    const files = { log: [auditLogOfLoad], issuanceLog: [file] }
    const report = await reconciled(run, loaded, files, ['--verify-hashes', 'all'])
    t.strictSame(kindsOf(report), kinds)
    if (says !== undefined) {
      t.match(report.findings[0], says)
    }
  })
}

t.test('lines that cannot be read; the last one may be unfinished', async (t) => {
  const whole = (await Promise.all(issuanceLogs.map((file) => readFile(file, 'utf8')))).join('')
  const broken = join(vault.dir, 'broken.log')
  const files = { log: [auditLogOfLoad], issuanceLog: [broken] }
  await writeFile(broken, `${whole}{"event":"iss`)
  t.strictSame(kindsOf(await reconciled(run, loaded, files)), [])
  const longAgo = new Date(Date.now() - 3_600_000)
  await utimes(broken, longAgo, longAgo)
  t.strictSame(
    kindsOf(await reconciled(run, loaded, files)),
    ['lines_unreadable'],
    'nobody writes it any more',
  )
  await writeFile(broken, `{"event":"issued","time":"20\n${whole}`)
  t.strictSame(kindsOf(await reconciled(run, loaded, files)), ['lines_unreadable'])
})

t.test('whatever changes who can sign is found, once, and nothing else', async (t) => {
  const backup = (await api('GET', 'transit/backup/padlock-open')).body.data.backup
  const extra = { type: 'file', options: { file_path: join(vault.dir, 'extra.log') } }
  type Planted = [kind: string, method: string, path: string, body?: object]
  // Vault writes no entry of `sys/rekey`, which is OpenBao's `sys/rotate/root`.
  const onVault: Planted[] = [['root_access', 'PUT', 'sys/generate-root/attempt']]
  const onOpenBao: Planted[] = [
    ['key_deleted', 'DELETE', 'transit/keys/padlock-open/soft-delete'],
    ['key_config_changed', 'POST', 'transit/keys/padlock-open/soft-delete-restore'],
    ['root_access', 'PUT', 'sys/generate-root-token/attempt'],
    ['root_access', 'POST', 'sys/rotate/root/init', { secret_shares: 1, secret_threshold: 1 }],
    ['root_access', 'GET', 'sys/rotate/root/init'],
  ]
  const planted: Planted[] = [
    ['key_exported', 'GET', 'transit/export/signing-key/padlock-open'],
    ['key_exported', 'GET', 'transit/backup/padlock-open'],
    ['key_imported', 'POST', 'transit/restore/padlock-again', { backup, name: 'padlock-again' }],
    ['key_rotated', 'POST', 'transit/keys/padlock-spare/rotate'],
    ['key_config_changed', 'POST', 'transit/keys/padlock-spare/config', { deletion_allowed: true }],
    ['key_deleted', 'DELETE', 'transit/keys/padlock-spare'],
    ['key_created', 'POST', 'transit/keys/padlock-new', { type: 'rsa-2048' }],
    ['key_used_otherwise', 'POST', 'transit/keys/padlock-new/csr', {}],
    ['policy_changed', 'PUT', 'sys/policies/acl/x', { policy: 'path "x" { capabilities = ["read"] }' }],
    ['login_changed', 'POST', 'auth/approle/role/padlock', { token_policies: ['x'] }],
    ['login_changed', 'POST', 'auth/approle/role/padlock/secret-id'],
    ['signer_token_made', 'POST', 'auth/token/create', { policies: ['padlock-signer'] }],
    ['mount_changed', 'POST', 'sys/mounts/transit/tune', { description: 'x' }],
    ['profile_changed', 'POST', 'secret/data/padlock/profiles/x', { data: { a: 1 } }],
    ['subject_key_changed', 'POST', 'secret/data/padlock/audit/subject-key', { data: { a: 1 } }],
    ['audit_device_changed', 'PUT', 'sys/config/auditing/request-headers/X-Test', { hmac: true }],
    ['audit_device_changed', 'PUT', 'sys/audit/extra', extra],
    ['audit_device_changed', 'DELETE', 'sys/audit/extra'],
    ...(vault.product === 'OpenBao' ? onOpenBao : onVault),
  ]
  for (const [kind, method, path, body] of planted) {
    let status = 0
    const interval = await during(async () => {
      status = (await api(method, path, body)).status
    })
    t.ok(status < 300, `${path}: ${status}`)
    const report = await reconciled(run, interval, logs, ['--verify-hashes', 'none'])
    t.strictSame(kindsOf(report), [kind], path)
    t.equal(report.exitCode, 1)
  }
})

t.test('what Vault refused is told, and is no finding', async (t) => {
  const made = await api('POST', 'auth/token/create', { policies: ['default'] })
  const token = made.body.auth.client_token
  const interval = await during(() => api('GET', 'transit/export/signing-key/padlock-open', undefined, token))
  const report = await reconciled(run, interval, logs)
  t.strictSame(kindsOf(report), [])
  t.match(report, { exitCode: 0, refusedChanges: [{ kind: 'key_exported' }] })
})

t.test('wrong usage is 2', async (t) => {
  const files = ['--log', vault.auditLog, '--issuance-log', ...issuanceLogs]
  t.match(await run(['reconcile', '--since', '1m', '--until', '1h', ...files]), {
    exitCode: 2,
    stderr: /earlier/,
  })
  const missing = await run([
    'reconcile',
    '--since',
    '1h',
    '--log',
    '/nowhere',
    '--issuance-log',
    ...issuanceLogs,
  ])
  t.match(missing, { exitCode: 2, stderr: /ENOENT/ })
})

t.test('a log whose device has a new salt since: one finding, not one for each token', async (t) => {
  await api('DELETE', 'sys/audit/file')
  await api('PUT', 'sys/audit/file', { type: 'file', options: { file_path: join(vault.dir, 'other.log') } })
  const files = { log: [auditLogOfLoad], issuanceLog: issuanceLogs }
  const report = await reconciled(run, loaded, files, ['--verify-hashes', 'all'])
  t.strictSame(kindsOf(report), ['foreign_log'])
})
