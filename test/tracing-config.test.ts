import t from 'tap'
import { ConfigError, loadConfig } from '../src/config.ts'
import { isTracingOn } from '../src/tracing-config.ts'

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
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'zstd',
    OTEL_EXPORTER_OTLP_HEADERS: 'Canary7f3a',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=b,Canary7f3a',
    OTEL_RESOURCE_ATTRIBUTES: 'Canary7f3a,=x',
    OTEL_TRACES_EXPORTER: 'zipkin',
    OTEL_TRACES_SAMPLER: 'jaeger_remote',
    OTEL_TRACES_SAMPLER_ARG: '2',
    OTEL_BSP_MAX_QUEUE_SIZE: '0',
  })) {
    try {
      loadConfig({ ...base, [name]: value })
      t.fail(name)
    } catch (error) {
      t.type(error, ConfigError)
      t.match((error as Error).message, name)
      t.notMatch((error as Error).message, /Canary7f3a/)
    }
  }
})
