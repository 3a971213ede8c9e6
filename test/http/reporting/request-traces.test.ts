import { connect } from 'node:net'
import t from 'tap'
import { callerSpan, otlpReceiver, type ReceivedSpan } from '../../support/otlp-receiver.ts'
import { rawPost } from '../../support/raw-http.ts'
import { startService, testBackend } from '../../support/service.ts'
import { until } from '../../support/wait.ts'

const canary = 'Canary7f3a'
const route = 'POST /v1/profiles/:profile/tokens'
const receiver = await otlpReceiver(t)
const backend = await testBackend(t)
const service = await startService(t, backend, {
  OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_BSP_SCHEDULE_DELAY: '100',
  PADLOCK_TRUST_PROXY: '127.0.0.1',
})

t.test(
  'a caller that does not sample is not traced; its log lines have its trace all the same',
  async (t) => {
    const { traceId, traceparent } = callerSpan('00')
    const answer = await service.issue({ userId: 'u-1' }, { headers: { traceparent } })
    t.equal(answer.status, 200)
    const line = await service.logged({ trace_id: traceId, msg: 'request' })
    t.match(line.correlationId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    const traced = callerSpan()
    await service.issue({ userId: 'u-2' }, { headers: traced })
    await until(() => receiver.spans().some((span) => span.traceId === traced.traceId && span.kind === 2))
    t.notOk(receiver.spans().some((span) => span.traceId === traceId))
  },
)

t.test('what is no traceparent begins a trace of its own', async (t) => {
  const { traceId, spanId } = callerSpan()
  for (const traceparent of [
    '',
    'x',
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `ff-${traceId}-${spanId}-01`,
    canary,
  ]) {
    const answer = await service.issue({ userId: 'u-1' }, { headers: { traceparent } })
    t.equal(answer.status, 200)
    const { requestId } = (await (await service.issue('{', { headers: { traceparent } })).json()) as {
      requestId: string
    }
    const line = await service.logged({ reqId: requestId, msg: 'request' })
    await until(() => receiver.spans().some((span) => span.traceId === line.trace_id && span.kind === 2))
    const server = receiver.spans().find((span) => span.traceId === line.trace_id && span.kind === 2)
    t.match(server, { parentSpanId: '', attributes: { 'error.type': 'invalid_json' } })
  }
})

t.test('probes and scrapes are not traced', async (t) => {
  await fetch(`${service.url}/health/ready`)
  await fetch(`${service.url}/metrics`)
  await fetch(`${service.url}/nowhere/${canary}?email=${canary}`)
  const headers = { 'x-forwarded-proto': canary, 'x-forwarded-for': canary, 'x-forwarded-host': canary }
  await fetch(`${service.url}/nowhere`, { method: 'PROPFIND', headers })
  await until(() => ['GET', 'HTTP'].every((name) => receiver.spans().some((span) => span.name === name)))
  const other = receiver.spans().find(({ name }) => name === 'HTTP')
  t.match(other?.attributes, { 'http.request.method': '_OTHER', 'url.scheme': 'http' })
  t.notOk(receiver.spans().some(({ name }) => /health|metrics/.test(name)))
  t.notOk(receiver.exports.some(({ body }) => body.includes(canary)))
})

t.test('a caller that hangs up is told of as such', async (t) => {
  const { traceId, traceparent } = callerSpan()
  const authorization = `Authorization: Bearer ${await backend.callers.token()}`
  const head = [authorization, `traceparent: ${traceparent}`, 'Content-Type: application/json']
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  socket.write(rawPost([...head, 'Content-Length: 20'], '{'))
  setTimeout(() => socket.resetAndDestroy(), 50)
  const span = () => receiver.spans().find((one) => one.traceId === traceId && one.kind === 2)
  await until(span)
  t.equal(span()?.attributes['error.type'], 'aborted')
  t.notOk('http.response.status_code' in (span() as ReceivedSpan).attributes)
})

t.test('a call that Vault does not answer in time has its code, as has its request', async (t) => {
  const { traceId, traceparent } = callerSpan()
  backend.vault.process.kill('SIGSTOP')
  try {
    const answer = await service.issue({ userId: 'u-1' }, { headers: { traceparent } })
    t.equal(answer.status, 504)
  } finally {
    backend.vault.process.kill('SIGCONT')
  }
  const own = () => receiver.spans().filter((span) => span.traceId === traceId)
  const call = () =>
    receiver.spans().find(({ links, kind }) => kind === 3 && links.some((link) => link.traceId === traceId))
  await until(() => own().some(({ kind }) => kind === 2) && call())
  for (const span of [own().find(({ kind }) => kind === 2), call()]) {
    t.equal(span?.attributes['error.type'], 'vault_timeout')
    t.equal(span?.status.code, 2)
  }
  t.strictSame(
    own()
      .map(({ name }) => name)
      .sort(),
    [route, 'queue', 'sign'],
  )
})
