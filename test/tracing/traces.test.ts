import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { auditRunner, loggedService, reconciled } from '../support/audit.ts'
import { issuanceRecords, issuedOf } from '../support/issuance.ts'
import { callerSpan, otlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.ts'
import { testBackend } from '../support/service.ts'
import { until } from '../support/wait.ts'

const canary = 'Canary7f3a'
const receiver = await otlpReceiver(t)
const backend = await testBackend(t)
const run = await auditRunner(backend.vault)
const service = await loggedService(t, backend, {
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_SERVICE_NAME: 'padlock-shop',
  OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  OTEL_BSP_SCHEDULE_DELAY: '100',
  OTEL_BSP_MAX_QUEUE_SIZE: '10000',
})
await sleep(10)
const since = Date.now()

const route = 'POST /v1/profiles/:profile/tokens'
const requests = 200

t.test('requests under load, each in its caller’s trace', async (t) => {
  const callers = Array.from({ length: requests }, () => callerSpan())
  const tokens = await Promise.all(
    callers.map(async ({ traceparent }, i) => {
      const headers = { traceparent, tracestate: `a=${canary}`, baggage: `userId=${canary}` }
      const visitorData = { email: `${canary}@shop.test` }
      const answer = await service.issue({ userId: `${canary}-${i}`, visitorData }, { headers })
      t.equal(answer.status, 200)
      return ((await answer.json()) as { token: string }).token
    }),
  )
  // A request has four spans of its own.
  const ofRequests = () => receiver.spans().filter(({ name }) => !name.startsWith('vault'))
  await until(() => ofRequests().length >= requests * 4)
  const spans = receiver.spans()
  const byId = new Map(spans.map((span) => [`${span.traceId}-${span.spanId}`, span]))
  const calls = spans.filter(({ name }) => name === 'vault transit/sign')
  await until(() => service.log.filter(({ msg }) => msg === 'request').length >= requests)

  await t.test(
    'have a server span below the caller’s, and their steps below that, one after another',
    async (t) => {
      const misplaced: string[] = []
      for (const { traceId, spanId } of callers) {
        const own = spans.filter((span) => span.traceId === traceId)
        const [server, ...more] = own.filter(({ kind }) => kind === 2)
        t.equal(more.length, 0)
        t.match(server, { name: route, parentSpanId: spanId })
        const steps = own.filter(({ kind }) => kind !== 2).sort((a, b) => Number(a.start - b.start))
        t.strictSame(
          steps.map(({ name }) => name),
          ['queue', 'sign', 'encrypt'],
        )
        let before = (server as ReceivedSpan).start
        for (const { name, parentSpanId, start, end } of steps) {
          t.equal(parentSpanId, server?.spanId)
          if (start < before || end < start) {
            misplaced.push(name)
          }
          before = end
        }
        if (before > (server as ReceivedSpan).end) {
          misplaced.push('the end')
        }
      }
      t.strictSame(misplaced, [])
    },
  )

  await t.test('are linked with the calls to Vault that they share, both ways', async (t) => {
    t.equal(
      calls.reduce((sum, { links }) => sum + links.length, 0),
      requests,
    )
    t.ok(
      calls.some(({ links }) => links.length > 1),
      'some share a call',
    )
    for (const { traceId, spanId, parentSpanId, links, attributes } of calls) {
      t.equal(parentSpanId, '')
      t.equal(Number(attributes['padlock.batch_size']), links.length)
      for (const link of links) {
        const server = byId.get(`${link.traceId}-${link.spanId}`)
        t.equal(server?.name, route)
        const sign = spans.find((span) => span.traceId === link.traceId && span.name === 'sign')
        t.match(sign?.links, [{ traceId, spanId }])
      }
    }
  })

  await t.test('are led to by the log and by Vault’s audit log', async (t) => {
    const audit = (await readFile(backend.vault.auditLog, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ type, request }) => type === 'request' && request.path.startsWith('transit/sign/'))
      .flatMap(({ request }) => request.headers?.['x-correlation-id'] ?? [])
    for (const { traceId } of callers) {
      const line = await service.logged({ trace_id: traceId, msg: 'request' })
      const server = spans.find((span) => span.traceId === traceId && span.kind === 2)
      t.equal(line.span_id, server?.spanId)
      t.equal(line.reqId, server?.attributes['padlock.request_id'])
      t.equal(byId.get(line.correlationId)?.name, 'vault transit/sign')
      t.ok(audit.includes(line.correlationId))
    }
  })

  await t.test('are accounted for by padlock audit reconcile, as all are', async (t) => {
    const { issuanceLog } = service
    await until(async () => issuedOf(await issuanceRecords(issuanceLog)).length === requests)
    const interval = { since, until: Date.now() + 20 }
    await sleep(50)
    const logs = { log: [backend.vault.auditLog], issuanceLog: [issuanceLog] }
    t.match(await reconciled(run, interval, logs), { findings: [], counts: { issued: requests } })
  })

  await t.test('tell nothing of a visitor, a caller or a secret', async (t) => {
    const all = Buffer.concat(receiver.exports.map(({ body }) => body)).toString()
    for (const secret of [canary, 'shop-backend', backend.vault.rootToken, 'eyJ', ...tokens]) {
      t.notOk(all.includes(secret), secret)
    }
    t.strictSame(new Set(spans.map(({ traceState }) => traceState)), new Set(['']))
    const names = (ofKind: (span: ReceivedSpan) => boolean) =>
      [...new Set(spans.filter(ofKind).flatMap(({ attributes }) => Object.keys(attributes)))].sort()
    const http = ['http.request.method', 'http.response.status_code', 'http.route']
    const own = ['padlock.key_version', 'padlock.profile', 'padlock.request_id']
    t.strictSame(
      names(({ kind }) => kind === 2),
      [...http, ...own, 'url.scheme'],
    )
    t.strictSame(
      names(({ kind }) => kind === 3),
      ['padlock.batch_size', 'padlock.key_version', 'padlock.signing_key'],
    )
    t.strictSame(
      names(({ kind }) => kind === 1),
      ['padlock.correlation_id'],
    )
    const service = {
      'service.name': 'padlock-shop',
      'service.version': String,
      'service.instance.id': /^[\da-f-]{36}$/,
    }
    t.match(receiver.resource(), { ...service, 'deployment.environment.name': 'test' })
  })
})
