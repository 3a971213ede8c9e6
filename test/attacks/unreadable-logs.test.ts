import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { auditRunner, loggedService, reconciled } from '../support/audit.ts'
import { testBackend } from '../support/service.ts'

// Issue 19, row 7, and issue 17, row 15: what cannot be read is said, and nothing is "accounted for" over it.

const backend = await testBackend(t)
const { vault } = backend
const { api } = vault
await api('POST', 'secret/data/padlock/audit/subject-key', {
  data: { key: Buffer.alloc(32, 1).toString('base64') },
})
const run = await auditRunner(vault)
const service = await loggedService(t, backend)
await api('GET', 'auth/token/lookup-self')
await sleep(10)
const since = Date.now()
const tokens = await Promise.all(
  Array.from({ length: 15 }, async (_, i) => (await service.issue({ userId: `shopper-${i}` })).json()),
)
const [{ auditId }] = tokens as [{ auditId: string }]
service.process.kill('SIGTERM')
await once(service.process, 'exit')
const until = Date.now()
await sleep(5)
await api('GET', 'auth/token/lookup-self')
const interval = { since, until }
const linesOf = async (file: string) => (await readFile(file, 'utf8')).trimEnd().split('\n')
const audit = await linesOf(vault.auditLog)
const issuance = await linesOf(service.issuanceLog)

let files = 0
async function fileOf(content: string | Buffer): Promise<string> {
  files += 1
  const file = join(vault.dir, `case-${files}.txt`)
  await writeFile(file, content)
  return file
}
const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
const compare = (log: string, issuanceLog: string, more: string[] = []) =>
  reconciled(run, interval, { log: [log], issuanceLog: [issuanceLog] }, more)

const json = (value: object) => JSON.stringify(value)
const when = '2026-01-31T12:00:00.123456789Z'
/** The parts of a line, as a collector with a small limit splits them. */
const parts = (line: string, size = 700) => line.match(new RegExp(`.{1,${size}}`, 'gs')) as string[]
const isLast = (i: number, all: readonly string[]) => i === all.length - 1

/** What collectors make of one line. */
const wrappers: [what: string, wrap: (line: string) => string[]][] = [
  ['nothing', (line) => [line]],
  ['carriage returns', (line) => [`${line}\r`]],
  ['Docker json-file', (line) => [json({ log: `${line}\n`, stream: 'stdout', time: when })]],
  [
    'Docker json-file, in parts',
    (line) => parts(`${line}\n`).map((log) => json({ log, stream: 'stdout', time: when })),
  ],
  [
    'Docker json-file, in parts between those of the other stream',
    (line) =>
      parts(`${line}\n`).flatMap((log) => [
        json({ log, stream: 'stdout', time: when }),
        json({ log: 'an error\n', stream: 'stderr', time: when }),
      ]),
  ],
  ['Docker json-file without the line feed', (line) => [json({ log: line, stream: 'stdout', time: when })]],
  [
    'Docker by Fluentd, in parts',
    (line) =>
      parts(line).map((log, i, all) =>
        json({
          ...{ container_id: 'c', log, source: 'stdout', partial_message: 'true', partial_id: 'p' },
          ...{ partial_ordinal: String(i + 1), partial_last: String(isLast(i, all)) },
        }),
      ),
  ],
  ['docker compose logs', (line) => [`vault-1  | ${line}`]],
  ['Loki, logcli -o jsonl', (line) => [json({ labels: { app: 'x' }, line, timestamp: when })]],
  [
    'Loki, around Docker',
    (line) => [json({ labels: {}, line: json({ log: `${line}\n`, stream: 'stdout', time: when }) })],
  ],
  [
    'ECS by Filebeat',
    (line) => [
      json({ '@timestamp': when, ecs: { version: '8.0.0' }, message: line, event: { dataset: 'x' } }),
    ],
  ],
  ['ECS, the original', (line) => [json({ '@timestamp': when, event: { original: line } })]],
  ['Filebeat that has read the JSON', (line) => [json({ '@timestamp': when, json: JSON.parse(line) })]],
  ['Fluent Bit', (line) => [json({ date: 1767182400.123, log: line })]],
  [
    'Fluent Bit on Kubernetes, in parts',
    (line) =>
      parts(line).map((log, i, all) =>
        json({
          date: 1,
          stream: 'stdout',
          logtag: isLast(i, all) ? 'F' : 'P',
          log,
          kubernetes: { pod_name: 'p' },
        }),
      ),
  ],
  ['Fluent Bit around CRI', (line) => [json({ log: `${when} stdout F ${line}` })]],
  ['syslog, RFC 3164', (line) => [`<134>Jan 31 12:00:00 host vault[42]: ${line}`]],
  ['syslog, as rsyslog writes it', (line) => [`Jan 31 12:00:00 host vault: ${line}`]],
  ['syslog, RFC 5424', (line) => [`<134>1 ${when} host vault 42 ID47 [x@32473 iut="3"] ${line}`]],
  ['syslog with a cee cookie', (line) => [`<134>1 ${when} host vault - - - @cee: ${line}`]],
  ['journalctl -o json', (line) => [json({ _PID: '1', MESSAGE: line, PRIORITY: '6' })]],
  ['journalctl -o json, as bytes', (line) => [json({ _PID: '1', MESSAGE: [...Buffer.from(line)] })]],
  [
    'journald, in parts',
    (line) =>
      parts(line).map((MESSAGE, i, all) =>
        json({ _PID: '1', MESSAGE, ...(!isLast(i, all) && { _LINE_BREAK: 'line-max' }) }),
      ),
  ],
  ['CRI', (line) => [`${when} stdout F ${line}`]],
  [
    'CRI, in parts',
    (line) => parts(line).map((part, i, all) => `${when} stdout ${isLast(i, all) ? 'F' : 'P'} ${part}`),
  ],
  [
    'CRI, in parts between those of the other stream',
    (line) =>
      parts(line).flatMap((part, i, all) => [
        `${when} stdout ${isLast(i, all) ? 'F' : 'P'} ${part}`,
        `${when} stderr F an error`,
      ]),
  ],
  ['kubectl logs --timestamps', (line) => [`${when} ${line}`]],
  ['kubectl logs --prefix', (line) => [`[pod/vault-0/vault] ${line}`]],
  ['CloudWatch', (line) => [json({ '@timestamp': when, '@message': line })]],
  ['Google Cloud, as text', (line) => [json({ timestamp: when, textPayload: line })]],
  ['Google Cloud, as JSON', (line) => [json({ timestamp: when, jsonPayload: JSON.parse(line) })]],
  ['Splunk', (line) => [json({ preview: false, result: { _raw: line } })]],
  ['OpenTelemetry', (line) => [json({ timestamp: 1, body: line })]],
]

for (const [what, wrap] of wrappers) {
  t.test(`read: ${what}`, async (t) => {
    const [log, issuanceLog] = [
      await fileOf(textOf(audit.flatMap(wrap))),
      await fileOf(textOf(issuance.flatMap(wrap))),
    ]
    const report = await compare(log, issuanceLog)
    t.strictSame(report.findings, [])
    t.equal(report.verdict.text, '15 of 15 signatures accounted for.')
    t.equal(report.exitCode, 0)
    const found = await run(['find', auditId, '--log', log, '--issuance-log', issuanceLog])
    t.equal(found.exitCode, 0, found.stderr)
    t.match(found.stdout, 'Issued as')
    const whose = await run(['subject', '--issuance-log', issuanceLog], 'shopper-0')
    t.match(whose, { exitCode: 0, stdout: auditId }, whose.stderr)
  })
}

t.test('newest first, as logcli prints without --forward', async (t) => {
  const log = await fileOf(textOf(audit.toReversed()))
  t.match(await compare(log, await fileOf(textOf(issuance.toReversed()))), { exitCode: 0, findings: [] })
})

const root = join(import.meta.dirname, '../..')
const serverLog = textOf([
  '2026-01-31T12:00:00.000Z [INFO]  core: vault is unsealed',
  json({ '@level': 'info', '@message': 'core: post-unseal setup complete', '@timestamp': when }),
])
const padlockLog = textOf([
  json({ level: 'info', time: when, msg: 'listening', address: 'http://127.0.0.1:3000' }),
])
const timed = (line: string) => Date.parse(JSON.parse(line).time)
const before = (lines: readonly string[]) => lines.filter((line) => timed(line) < since)
const middle = (since + until) / 2

/** Logs in the place of good ones: both kinds, each with what it must be called. */
const useless: [what: string, content: string | Buffer][] = [
  ['an empty file', ''],
  ['line feeds', '\n\n\n'],
  ["Vault's server log", serverLog],
  ["Padlock's own log", padlockLog],
  ['README.md', await readFile(join(root, 'README.md'))],
  ['package.json', await readFile(join(root, 'package.json'))],
  [
    'package-lock.json on one line',
    JSON.stringify(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))),
  ],
  ['a compressed README.md', gzipSync(await readFile(join(root, 'README.md')))],
  ['zeros', Buffer.alloc(5_000)],
  ['UTF-16', Buffer.from(textOf(audit), 'utf16le')],
  ['JSON that is no object', 'null\n1\n"x"\n[]\n'],
  ['an array of entries', `[${audit.join(',')}]\n`],
  ['base64', `${Buffer.from(textOf(audit)).toString('base64')}\n`],
]
for (const [what, content] of useless) {
  t.test(`no verdict over ${what}`, async (t) => {
    const file = await fileOf(content)
    for (const report of [await compare(file, service.issuanceLog), await compare(vault.auditLog, file)]) {
      t.equal(report.exitCode, 1)
      t.ok(report.findings.some((finding) => finding.kind === 'log_unusable' && finding.file === file))
      t.match(report.verdict, { complete: false, text: /^No verdict/ })
    }
  })
}

t.test('no verdict over logs that are swapped, and over the same one twice', async (t) => {
  const swapped = await compare(service.issuanceLog, vault.auditLog)
  t.match(swapped, { exitCode: 1, findingCounts: { log_unusable: 2 } })
})

/** Logs that do not cover the interval. */
const gaps: [what: string, log: string[], issuanceLog: string[], kinds: string[]][] = [
  ["Vault's begins after it", audit.filter((line) => timed(line) >= middle), issuance, ['log_gap']],
  ["Vault's begins after all of it", audit.filter((line) => timed(line) >= until), issuance, ['log_gap']],
  ["Vault's ends before it", before(audit), issuance, ['log_gap']],
  ["Vault's ends within it", audit.filter((line) => timed(line) < middle), issuance, ['log_gap']],
  ["Padlock's ends within it", audit, issuance.slice(0, 2), ['log_gap', 'unexplained_signature']],
  ["Padlock's begins within it", audit, issuance.slice(-2), ['log_gap']],
]
for (const [what, log, issuanceLog, kinds] of gaps) {
  t.test(`no verdict where ${what}`, async (t) => {
    const report = await compare(await fileOf(textOf(log)), await fileOf(textOf(issuanceLog)))
    t.equal(report.exitCode, 1)
    const found = new Set<string>(report.findings.map(({ kind }) => kind))
    if (log.length > 0) {
      for (const kind of kinds) {
        t.ok(found.has(kind), kind)
      }
    }
    t.equal(report.verdict.complete, false)
  })
}

t.test('each node by itself; a log and its rotated files are one', async (t) => {
  const half = Math.floor(audit.length / 2)
  const at = (name: string) => join(vault.dir, name)
  await writeFile(at('node.log'), textOf(audit.slice(half)))
  await writeFile(at('node.log-20260131.gz'), gzipSync(textOf(audit.slice(0, half))))
  await writeFile(at('other.log'), textOf(audit.slice(0, half)))
  const kinds = async (...log: string[]) => {
    const report = await reconciled(run, interval, { log, issuanceLog: [service.issuanceLog] })
    return [report.exitCode, ...report.findings.map(({ kind }) => kind)]
  }
  t.strictSame(await kinds(at('node.log'), at('node.log-20260131.gz')), [0])
  t.strictSame(await kinds(at('node.log'), at('other.log')), [1, 'log_gap', 'log_gap'])
  t.strictSame(await kinds(`a=${at('node.log')}`, `a=${at('other.log')}`), [0])
  // Of a node that has no log nobody knows whether it signed: so Padlock's must cover all of the interval.
  t.strictSame(await kinds(vault.auditLog, await fileOf('')), [1, 'log_unusable', 'log_gap'])
})

t.test('where nothing happened since, the auditor’s own call is the last entry', async (t) => {
  await sleep(10)
  const quiet = { since, until: Date.now() }
  const logs = { log: [vault.auditLog], issuanceLog: [service.issuanceLog] }
  t.match(await reconciled(run, quiet, logs), { exitCode: 0, findings: [] })
})

const record = JSON.parse(issuance.find((line) => line.includes('"issued"')) as string)
/** Lines of an issuance log that are JSON, and not what they should be. */
const odd: [what: string, line: string][] = [
  ['without its auditId', json({ ...record, auditId: undefined })],
  ['with an auditId that is none', json({ ...record, auditId: 'x' })],
  ['with a version that is a string', json({ ...record, keyVersion: '1' })],
  ['with a version of 0', json({ ...record, keyVersion: 0 })],
  ['at a time that is none', json({ ...record, time: 'now' })],
  ['on the 32nd', json({ ...record, time: '2026-01-32T12:00:00.000Z' })],
  ['on 30 February', json({ ...record, time: '2026-02-30T12:00:00.000Z' })],
  ['of another event', json({ ...record, event: 'Issued' })],
  ['of no event', json({ ...record, event: undefined })],
  ['of an event that is a number', json({ ...record, event: 1 })],
  [
    'lost, and not how many',
    json({ event: 'lost', time: record.time, since: record.time, until: record.time, instance: 'x' }),
  ],
  ['lost, and not since when', json({ event: 'lost', time: record.time, lines: 1, instance: 'x' })],
  ['asked for nothing', json({ ...record, event: 'asked', auditIds: [] })],
  ['cut at its beginning', json(record).slice(20)],
  ['cut within a name', '{"eve'],
  ['cut after a bracket', '{'],
  ['cut, and another behind it', `${json(record).slice(0, 60)}${json(record)}`],
  ['zeros', '\0\0\0\0'],
]
for (const [what, line] of odd) {
  t.test(`a line that is told: ${what}`, async (t) => {
    const file = await fileOf(textOf([line, ...issuance]))
    const report = await compare(vault.auditLog, file)
    t.strictSame(
      report.findings.map(({ kind }) => kind),
      ['lines_unreadable'],
    )
    t.equal(report.exitCode, 1)
    const whose = await run(['subject', '--issuance-log', file], 'shopper-0')
    t.match(whose.stderr, /1 that cannot be read/)
  })
}

/** Lines of Vault's log that are no entry any more. */
const cut: [what: string, line: string][] = [
  ['its end', (audit[0] as string).slice(0, -20)],
  ['all but its beginning', (audit.at(-1) as string).slice(0, 40)],
  ['its beginning', (audit.at(-1) as string).slice(40)],
  ['its time', (audit.at(-1) as string).replace(/"time":"2[^"]+",/, '')],
]
for (const [what, line] of cut) {
  t.test(`an entry of Vault's that has lost ${what}`, async (t) => {
    const report = await compare(await fileOf(textOf([line, ...audit])), service.issuanceLog)
    t.ok(report.findings.some(({ kind }) => kind === 'lines_unreadable'))
    t.equal(report.exitCode, 1)
  })
}

t.test('a part of a line that is missing, and a text that the collector left out', async (t) => {
  const cri = (line: string) => [
    `${when} stdout P ${line.slice(0, 50)}`,
    `${when} stdout F ${line.slice(50)}`,
  ]
  const missing = issuance.flatMap((line, i) => (i === 0 ? cri(line).slice(0, 1) : cri(line)))
  const report = await compare(vault.auditLog, await fileOf(textOf(missing)))
  t.ok(report.findings.some(({ kind }) => kind === 'lines_unreadable'))
  const left = [json({ _PID: '1', MESSAGE: null }), ...issuance]
  const nothing = await compare(vault.auditLog, await fileOf(textOf(left)))
  t.strictSame(
    nothing.findings.map(({ kind }) => kind),
    ['lines_unreadable'],
  )
})

t.test('what only looks like a record does not become one', async (t) => {
  const forged = json({ ...record, auditId: 'A'.repeat(43), requestId: 'forged', correlationId: 'forged' })
  const own = json({ level: 'info', time: when, msg: 'request', message: forged, log: forged, url: forged })
  t.match(await compare(vault.auditLog, await fileOf(textOf([own, ...issuance]))), { exitCode: 0 })
})

// Issue 18, row 4: OpenBao and older Vaults log no X-Correlation-Id until they are told to.
t.test('a log without correlation ids is compared by hash, and that is said once', async (t) => {
  const strip = (line: string) => {
    const entry = JSON.parse(line)
    delete entry.request.headers
    return JSON.stringify(entry)
  }
  const hashed = (line: string) =>
    line.replace(/"x-correlation-id":\["[^"]+"\]/, '"x-correlation-id":["hmac-sha256:00"]')
  for (const [what, change] of Object.entries({ strip, hashed })) {
    const bare = audit.map(change)
    const log = await fileOf(textOf(bare))
    const report = await compare(log, service.issuanceLog, ['--verify-hashes', '1'])
    t.match(report, { exitCode: 0, findings: [], withoutCorrelationIds: [log] }, what)
    t.match(report.counts, { issued: 15, provedByHash: 15 })
    t.equal(report.verdict.text, '15 of 15 signatures accounted for.')
    const words = [
      'reconcile',
      '--since',
      new Date(since).toISOString(),
      '--until',
      new Date(until).toISOString(),
    ]
    const outcome = await run([...words, '--log', log, '--issuance-log', service.issuanceLog])
    t.equal(outcome.stdout.match(/no correlation ids/g)?.length, 1)
    // One token that nobody asked for, and one that Vault never signed.
    const [asked, issued] = ['asked', 'issued'].map((event) =>
      issuance.find((line) => line.includes(`"event":"${event}"`) && line.includes(record.correlationId)),
    ) as [string, string]
    const unknown = issuance.filter((line) => line !== asked && !line.includes(JSON.parse(issued).auditId))
    const one = await compare(log, await fileOf(textOf(unknown)))
    t.ok(one.counts.unexplained > 0, 'a signature that nobody asked for')
    const forged = json({ ...record, auditId: 'A'.repeat(43), requestId: 'forged', correlationId: 'forged' })
    const more = await compare(log, await fileOf(textOf([...issuance, forged])))
    t.strictSame(
      more.findings.map(({ kind }) => kind),
      ['issuance_without_signature'],
    )
  }
  t.strictSame((await compare(vault.auditLog, service.issuanceLog)).withoutCorrelationIds, [])
})
