import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { freePort } from '../../dev/free-port.ts'
import { startService, type TestService, testBackend } from '../support/service.ts'
import { standIn } from '../support/stand-in.ts'
import { until } from '../support/wait.ts'

const backend = await testBackend(t)
const fast = {
  OTEL_BSP_SCHEDULE_DELAY: '50',
  OTEL_BSP_MAX_QUEUE_SIZE: '20',
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '20',
}

/** Issues more than the exporter may hold, then stops the service; gives the milliseconds that the stop took. */
async function useAndStop(t: Test, service: TestService): Promise<number> {
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => service.issue({ userId: `u-${round}-${i}` })),
    )
    t.strictSame(new Set(answers.map(({ status }) => status)), new Set([200]))
  }
  const start = performance.now()
  service.process.kill('SIGTERM')
  const [code] = await once(service.process, 'exit')
  t.equal(code, 0)
  return performance.now() - start
}

t.test('a collector that is down costs no token; the log says so once, without its headers', async (t) => {
  const service = await startService(t, backend, {
    ...fast,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort(0, '127.0.0.1')}`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Canary7f3a',
    OTEL_EXPORTER_OTLP_TIMEOUT: '200',
  })
  await service.issue({ userId: 'u-1' })
  await service.logged({ msg: 'traces cannot be exported, and are dropped; tokens go on' })
  await useAndStop(t, service)
  t.equal(service.log.filter(({ msg }) => /^traces cannot/.test(msg)).length, 1)
  t.notMatch(JSON.stringify(service.log), 'Canary7f3a')
})

t.test(
  'a collector that answers errors costs no token; the log says so once, and when it is over',
  async (t) => {
    let status = 503
    const { url, requests } = await standIn(t, async (request, response) => {
      await buffer(request)
      response.writeHead(status)
      response.end(`Canary7f3a ${'x'.repeat(10_000)}`)
    })
    const service = await startService(t, backend, {
      ...fast,
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    })
    const issue = async () => t.equal((await service.issue({ userId: 'u-1' })).status, 200)
    const warnings = () => service.log.filter(({ msg }) => /^traces /.test(msg))
    await issue()
    await until(() => warnings().length === 1)
    for (const next of [400, 401, 500]) {
      status = next
      const before = requests.length
      await issue()
      await until(() => requests.length > before)
    }
    status = 200
    await until(async () => {
      await issue()
      return warnings().length === 2
    })
    t.strictSame(
      warnings().map(({ msg }) => msg),
      ['traces cannot be exported, and are dropped; tokens go on', 'traces are exported again'],
    )
    t.notMatch(JSON.stringify(service.log), 'Canary7f3a')
    t.strictSame(
      service.log.filter((line) => typeof line === 'string'),
      [],
    )
  },
)

t.test('a collector that never answers costs no token, and delays no stop for long', async (t) => {
  const { url } = await standIn(t, async () => {})
  const service = await startService(t, backend, { ...fast, OTEL_EXPORTER_OTLP_ENDPOINT: url })
  const without = await startService(t, backend)
  const plain = await useAndStop(t, without)
  const took = await useAndStop(t, service)
  t.ok(took < plain + 3_000, `${Math.round(took)} ms, without traces ${Math.round(plain)} ms`)
})

t.test('without traces nothing of OpenTelemetry is loaded', async (t) => {
  const hook = `import { registerHooks } from 'node:module'
    registerHooks({ load(url, context, next) {
      if (url.includes('opentelemetry')) process.stdout.write('loaded ' + url + '\\n')
      return next(url, context)
    } })`
  const nodeArgs = [`--import=data:text/javascript,${encodeURIComponent(hook)}`]
  const start = (env: Record<string, string>) => startService(t, backend, env, undefined, nodeArgs)
  // prom-client brings the API, which does nothing by itself.
  const loaded = ({ log }: TestService) =>
    log.filter((line) => /^loaded (?!.*@opentelemetry\/api\/)/.test(String(line)))
  const off = await start({})
  await off.issue({ userId: 'u-1' })
  t.strictSame(loaded(off), [])
  for (const more of [{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }]) {
    const service = await start({ ...more, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' })
    t.strictSame(loaded(service), [])
  }
  const on = await start({ OTEL_TRACES_EXPORTER: 'otlp' })
  t.not(loaded(on).length, 0)
})
