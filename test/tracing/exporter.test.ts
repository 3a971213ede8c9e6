import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import t from 'tap'
import { testAuthority } from '../support/certificates.ts'
import { callerSpan, otlpReceiver } from '../support/otlp-receiver.ts'
import { startService, testBackend } from '../support/service.ts'
import { until } from '../support/wait.ts'

const canary = 'Canary7f3a'
const receiver = await otlpReceiver(t)
const backend = await testBackend(t)

t.test('what is left is sent at a stop', async (t) => {
  const { traceId, traceparent } = callerSpan()
  const late = await startService(t, backend, {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '600000',
  })
  await late.issue({ userId: 'u-1' }, { headers: { traceparent } })
  t.notOk(receiver.spans().some((span) => span.traceId === traceId))
  late.process.kill('SIGTERM')
  await until(() => late.process.exitCode !== null)
  t.equal(late.process.exitCode, 0)
  t.ok(receiver.spans().some((span) => span.traceId === traceId))
})

t.test('the standard’s own protocol is protobuf', async (t) => {
  const binary = await startService(t, backend, {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=by-attribute,',
    OTEL_BSP_SCHEDULE_DELAY: '100',
  })
  await binary.issue({ userId: `${canary}-p` })
  const found = () => receiver.exports.filter(({ type }) => type === 'application/x-protobuf')
  await until(() => Buffer.concat(found().map(({ body }) => body)).includes('vault transit/sign'))
  for (const { path, body } of found()) {
    t.equal(path, '/v1/traces')
    t.ok(body.includes('by-attribute'))
    t.notOk(body.includes(canary))
  }
})

t.test('a collector behind TLS that wants a header gets it, and what is sent is packed', async (t) => {
  const authority = await testAuthority(backend.vault, 'collector')
  const { certFile, keyFile } = await authority.issue('collector.test', { ip: '127.0.0.1' })
  const pair = { cert: await readFile(certFile), key: await readFile(keyFile) }
  const heads: unknown[][] = []
  const bodies: Buffer[] = []
  const server = createServer(pair, async (request, response) => {
    const { authorization, 'content-encoding': coding } = request.headers
    heads.push([authorization, coding, request.url])
    bodies.push(await promisify(gunzip)(await buffer(request)))
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const service = await startService(t, backend, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    OTEL_EXPORTER_OTLP_CERTIFICATE: authority.caFile,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=of-another',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'authorization=Bearer%20of-the-collector',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    OTEL_METRICS_EXPORTER: 'none',
  })
  await service.issue({ userId: 'u-1' })
  await until(() => Buffer.concat(bodies).includes('vault transit/sign'))
  for (const head of heads) {
    t.strictSame(head, ['Bearer of-the-collector', 'gzip', '/v1/traces'])
  }
  const warning = 'variables of OpenTelemetry that Padlock does not follow'
  t.strictSame((await service.logged({ msg: warning })).variables, ['OTEL_METRICS_EXPORTER'])
  t.notMatch(JSON.stringify(service.log), 'of-the-collector')
})

t.test('a TLS file that cannot be read stops the start by its name', async (t) => {
  const start = startService(t, backend, {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.test',
    OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: '/nowhere/ca.pem',
  })
  await t.rejects(start, /ended with 2: .*OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE cannot be read \(ENOENT\)/)
})
