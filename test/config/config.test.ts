import t from 'tap'
import { loadConfig, unknownVariables } from '../../src/config/config.ts'
import { ConfigSchema } from '../../src/config/schema.ts'
import { configProblems, goodEnv } from '../support/config.ts'

const problemsOf = (changes: NodeJS.ProcessEnv) => configProblems({ ...goodEnv, ...changes })

t.test('the smallest environment gives every default, frozen, and nothing else', async (t) => {
  const config = loadConfig({ ...goodEnv, PATH: '/bin', HOME: '/root' })
  t.strictSame(
    { ...config },
    {
      ...goodEnv,
      PADLOCK_HOST: '127.0.0.1',
      PADLOCK_PORT: 3000,
      PADLOCK_LOG_LEVEL: 'info',
      PADLOCK_REQUEST_DEADLINE_MS: 2000,
      PADLOCK_DRAIN_DELAY_MS: 0,
      PADLOCK_GRACE_PERIOD_MS: 10_000,
      PADLOCK_RATE_LIMIT_PER_SECOND: 1000,
      PADLOCK_REFUSALS_PER_MINUTE: 300,
      PADLOCK_PROFILE_REFRESH_SECONDS: 15,
      PADLOCK_ISSUANCE_LOG_REQUIRED: false,
      VAULT_ADDR: 'https://127.0.0.1:8200',
      PADLOCK_ALLOW_INSECURE_VAULT: false,
      PADLOCK_TRANSIT_MOUNT: 'transit',
      PADLOCK_KV_MOUNT: 'secret',
      PADLOCK_SIGN_IN_FLIGHT: 2,
      PADLOCK_SIGN_BATCH_MAX: 32,
      PADLOCK_SIGN_QUEUE_MAX: 1_000,
      PADLOCK_VAULT_AUTH: 'approle',
      PADLOCK_ALLOW_INSECURE_JWKS: false,
      PADLOCK_CALLER_JWKS_REFRESH_SECONDS: 300,
      PADLOCK_CALLER_JWKS_COOLDOWN_SECONDS: 10,
      PADLOCK_CALLER_JWKS_MAX_STALE_SECONDS: 43_200,
      PADLOCK_CALLER_MAX_LIFE_SECONDS: 86_400,
      PADLOCK_CALLER_CLOCK_TOLERANCE_SECONDS: 5,
      OTEL_SDK_DISABLED: false,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_TIMEOUT: 10_000,
      OTEL_TRACES_SAMPLER: 'parentbased_always_on',
      OTEL_TRACES_SAMPLER_ARG: 1,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'none',
      OTEL_BSP_SCHEDULE_DELAY: 5_000,
      OTEL_BSP_EXPORT_TIMEOUT: 30_000,
      OTEL_BSP_MAX_QUEUE_SIZE: 2_048,
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 512,
    },
  )
  t.ok(Object.isFrozen(config))
})

t.test('numbers and switches are read as what they are', async (t) => {
  const config = loadConfig({ ...goodEnv, PADLOCK_PORT: '0', PADLOCK_ALLOW_INSECURE_VAULT: 'true' })
  t.equal(config.PADLOCK_PORT, 0)
  t.equal(config.PADLOCK_ALLOW_INSECURE_VAULT, true)
})

t.test('an empty variable counts as not set', async (t) => {
  t.equal(loadConfig({ ...goodEnv, PADLOCK_PORT: '', VAULT_SKIP_VERIFY: '' }).PADLOCK_PORT, 3000)
  t.strictSame(problemsOf({ PADLOCK_CALLER_ISSUER: '' }), ['PADLOCK_CALLER_ISSUER is required'])
})

t.test('all that is wrong is told at once, by name, and no value is repeated', async (t) => {
  const wrong = {
    PADLOCK_PORT: '70001',
    PADLOCK_REQUEST_DEADLINE_MS: 'zwei',
    PADLOCK_LOG_LEVEL: 'loudest',
    PADLOCK_ALLOW_INSECURE_VAULT: 'yes',
    PADLOCK_TRANSIT_MOUNT: '../sys',
    PADLOCK_VAULT_AUTH: 'ldap',
    PADLOCK_CALLER_AUDIENCE: '',
    VAULT_ADDR: 'http://vault.test:8200',
    VAULT_CLIENT_KEY: 'key.pem',
    VAULT_SKIP_VERIFY: 'TRUE',
  }
  const problems = problemsOf(wrong)
  for (const name of Object.keys(wrong)) {
    const told = problems.filter((problem) => problem.includes(name))
    t.ok(told.length > 0, name)
  }
  const all = problems.join('\n')
  for (const value of Object.values(wrong)) {
    if (value.length > 3 && value !== 'false') {
      t.notMatch(all, value)
    }
  }
  t.throws(() => loadConfig({ ...goodEnv, ...wrong }), { name: 'ConfigError', message: /^The configuration/ })
})

t.test('a secret is in no message', async (t) => {
  const secret = 'hvs.s3cr3t'
  const problems = problemsOf({
    PADLOCK_VAULT_SECRET_ID: secret,
    PADLOCK_VAULT_SECRET_ID_FILE: `/run/${secret}`,
    PADLOCK_VAULT_ROLE_ID: secret,
    VAULT_TOKEN: secret,
    VAULT_ADDR: `https://user:${secret}@vault.test`,
    PADLOCK_PORT: secret,
  })
  t.equal(problems.length, 3)
  t.notMatch(problems.join('\n'), secret)
})

t.test('VAULT_SKIP_VERIFY may say what Padlock does anyway, and nothing else', async (t) => {
  for (const value of ['', 'false', 'FALSE', 'f', '0']) {
    t.strictSame(problemsOf({ VAULT_SKIP_VERIFY: value }), [], value)
  }
  for (const value of ['true', 'TRUE', 't', '1', 'no']) {
    const problems = problemsOf({ VAULT_SKIP_VERIFY: value })
    t.equal(problems.length, 1)
    t.match(problems[0], /^VAULT_SKIP_VERIFY is not supported/)
  }
})

t.test('bounds are kept at both ends', async (t) => {
  const properties = ConfigSchema.properties as Record<
    string,
    { type?: string; minimum?: number; maximum?: number }
  >
  // Room for the delay that is a part of it, and traces that are on: while they are off, their variables do not count.
  const base = { PADLOCK_GRACE_PERIOD_MS: '600000', OTEL_TRACES_EXPORTER: 'otlp' }
  const problems = (name: string, value: number) => problemsOf({ ...base, [name]: String(value) })
  for (const [name, { type, minimum, maximum }] of Object.entries(properties)) {
    if (minimum === undefined || maximum === undefined) {
      continue
    }
    t.strictSame(problems(name, minimum), [], `${name} at its least`)
    t.strictSame(problems(name, maximum), [], `${name} at its most`)
    t.equal(problems(name, minimum - 1).length, 1, `${name} below`)
    t.equal(problems(name, maximum + 1).length, 1, `${name} above`)
    t.equal(problems(name, minimum + 0.5).length, type === 'integer' ? 1 : 0, `${name} not whole`)
  }
})

t.test('a variable that is most likely misspelt is named', async (t) => {
  const env = { ...goodEnv, PADLOCK_CALER_ISSUER: 'x', PADLOCK_DEV_VAULT_PORT: '8200', PATH: '/bin' }
  t.strictSame(unknownVariables(env), ['PADLOCK_CALER_ISSUER'])
})
