import t from 'tap'
import { ConfigError, loadConfig } from '../../src/config/config.ts'
import { isTracingOn, unknownTracingValues } from '../../src/config/tracing.ts'

const base = {
  PADLOCK_VAULT_AUTH: 'token',
  VAULT_TOKEN: 'x',
  PADLOCK_CALLER_PUBLIC_KEY_FILE: '/key.pem',
  PADLOCK_CALLER_ISSUER: 'https://issuer.test',
  PADLOCK_CALLER_AUDIENCE: 'padlock',
}
const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }

t.test(
  'traces are off unless an endpoint or an exporter is given, and can be turned off again',
  async (t) => {
    const on = (env: Record<string, string>) => isTracingOn(loadConfig({ ...base, ...env }))
    t.notOk(on({}))
    t.notOk(on({ OTEL_SERVICE_NAME: 'shop', OTEL_TRACES_SAMPLER: 'always_on' }))
    t.ok(on(endpoint))
    t.ok(on({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/v1/traces' }))
    t.ok(on({ OTEL_TRACES_EXPORTER: 'otlp' }))
    t.notOk(on({ ...endpoint, OTEL_SDK_DISABLED: 'true' }))
    t.notOk(on({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }))
  },
)

t.test('what would not be followed stops the start, by its name and without its value', async (t) => {
  for (const [name, value] of Object.entries({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://user:Canary7f3a@collector/v1/traces',
    OTEL_EXPORTER_OTLP_HEADERS: 'Canary7f3a',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=b,Canary7f3a',
    OTEL_RESOURCE_ATTRIBUTES: 'Canary7f3a,=x',
    OTEL_TRACES_SAMPLER_ARG: '2',
    OTEL_BSP_MAX_QUEUE_SIZE: '0',
    OTEL_EXPORTER_OTLP_CLIENT_KEY: '/key.pem',
    OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: '/cert.pem',
  })) {
    try {
      loadConfig({ ...base, ...endpoint, [name]: value })
      t.fail(name)
    } catch (error) {
      t.type(error, ConfigError)
      t.match((error as Error).message, name)
      t.notMatch((error as Error).message, /Canary7f3a/)
    }
  }
})

t.test('what Padlock does not know of a closed list is ignored, with a warning by its name', async (t) => {
  for (const [name, value, standard] of [
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'http/protobuf'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'thrift', undefined],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd', 'none'],
    ['OTEL_TRACES_EXPORTER', 'zipkin', undefined],
    ['OTEL_TRACES_EXPORTER', 'otlp,console', undefined],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', 'parentbased_always_on'],
    ['OTEL_TRACES_SAMPLER', 'xray', 'parentbased_always_on'],
    ['OTEL_SDK_DISABLED', 'yes', false],
  ] as const) {
    const env = { ...base, ...endpoint, [name]: value }
    t.equal(loadConfig(env)[name], standard, `${name}=${value}`)
    t.ok(isTracingOn(loadConfig(env)))
    t.strictSame(unknownTracingValues(env), [name])
  }
})

t.test('switches and closed lists are read in any case', async (t) => {
  for (const value of ['TRUE', 'True', ' true\n']) {
    t.notOk(isTracingOn(loadConfig({ ...base, ...endpoint, OTEL_SDK_DISABLED: value })), value)
  }
  const config = loadConfig({
    ...base,
    ...endpoint,
    OTEL_TRACES_SAMPLER: 'Always_On',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'GZIP',
  })
  t.match(config, { OTEL_TRACES_SAMPLER: 'always_on', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' })
  t.notOk(isTracingOn(loadConfig({ ...base, ...endpoint, OTEL_TRACES_EXPORTER: 'NONE' })))
})

t.test('while traces are off, none of their variables stops anything', async (t) => {
  const wrong = {
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_HEADERS: 'Canary7f3a',
    OTEL_RESOURCE_ATTRIBUTES: 'Canary7f3a,=x',
    OTEL_TRACES_SAMPLER: 'jaeger_remote',
    OTEL_TRACES_SAMPLER_ARG: '2',
    OTEL_BSP_MAX_QUEUE_SIZE: '0',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere',
    OTEL_EXPORTER_OTLP_CLIENT_KEY: '/nowhere',
    OTEL_SERVICE_NAME: 'shop\r',
    OTEL_EXPORTER_OTLP_TIMEOUT: '10s',
  }
  t.notOk(isTracingOn(loadConfig({ ...base, ...wrong })), 'no endpoint')
  for (const off of [{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }]) {
    const env = { ...base, ...wrong, ...off, OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }
    t.notOk(isTracingOn(loadConfig(env)), JSON.stringify(off))
  }
})
