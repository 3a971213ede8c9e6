import t from 'tap'
import { startPrometheus } from '../support/prometheus.ts'
import { startService, type TestService, testBackend } from '../support/service.ts'
import { until } from '../support/wait.ts'

const backend = await testBackend(t)
await backend.addProfile('watched', { sharedUserId: { share: 0.5, minimum: 30, refuse: false } })
const service = await startService(t, backend)
/** One that lets a single signature wait. */
const narrow = await startService(t, backend, {
  PADLOCK_SIGN_IN_FLIGHT: '1',
  PADLOCK_SIGN_BATCH_MAX: '1',
  PADLOCK_SIGN_QUEUE_MAX: '1',
})
const prometheus = await startPrometheus(t, [service.url, narrow.url])

/** Callers that ask again as soon as they are answered, until it is told to stop; gives the statuses of the answers. */
function load(target: TestService, callers: number) {
  let stopped = false
  const statuses: number[] = []
  const caller = async (_: unknown, i: number) => {
    for (let n = 0; !stopped; n++) {
      const answer = await target.issue({ userId: `user-${i}-${n}` })
      await answer.arrayBuffer()
      statuses.push(answer.status)
    }
  }
  const all = Promise.all(Array.from({ length: callers }, caller))
  return {
    statuses,
    async stop() {
      stopped = true
      await all
    },
  }
}

const fires = (name: string) => until(async () => (await prometheus.firing()).includes(name))
const ends = (name: string) => until(async () => !(await prometheus.firing()).includes(name))
const sampleOf = async (expression: string) => (await prometheus.query(expression))[0]?.value

t.test('under load, Prometheus counts every token, no alert fires, and a scrape stays small', async (t) => {
  const tokens = load(service, 16)
  const calm = new Set<string>()
  const end = performance.now() + 8_000
  while (performance.now() < end) {
    for (const name of await prometheus.firing()) {
      calm.add(name)
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  await tokens.stop()
  t.strictSame([...calm], [])
  const issued = tokens.statuses.filter((status) => status === 200).length
  t.ok(issued > 0)
  t.equal(issued, tokens.statuses.length)
  const instance = new URL(service.url).host
  const counted = () => sampleOf(`sum(padlock_tokens_issued_total{instance="${instance}"})`)
  await until(async () => (await counted()) === issued)
  t.equal(await sampleOf(`padlock_sign_batch_size_sum{instance="${instance}"}`), issued)
  t.equal(await sampleOf(`padlock_sign_wait_seconds_count{instance="${instance}"}`), issued)
  const route = '/v1/profiles/:profile/tokens'
  t.equal(
    await sampleOf(`padlock_request_duration_seconds_count{instance="${instance}",route="${route}"}`),
    issued,
  )
  t.equal(await sampleOf(`up{instance="${instance}"}`), 1)
  t.ok(((await sampleOf(`scrape_samples_scraped{instance="${instance}"}`)) as number) < 500)
})

t.test('a userId for many visitors', async (t) => {
  for (let i = 0; i < 40; i++) {
    await service.issue({ userId: 'customer-1' }, { profile: 'watched' })
  }
  await fires('PadlockSharedUserId')
  const [alarm] = await prometheus.query('ALERTS{alertname="PadlockSharedUserId", alertstate="firing"}')
  t.match(alarm?.labels, { profile: 'watched', severity: 'critical', job: 'padlock' })
})

t.test('a full queue', async (t) => {
  const tokens = load(narrow, 8)
  await fires('PadlockOverloaded')
  await tokens.stop()
  t.ok(tokens.statuses.includes(503))
  await ends('PadlockOverloaded')
})

t.test('a Vault that hangs, until it goes on', async (t) => {
  const tokens = load(service, 4)
  backend.vault.process.kill('SIGSTOP')
  try {
    for (const name of ['PadlockVaultDown', 'PadlockTokensFailing', 'PadlockNotReady']) {
      await fires(name)
    }
  } finally {
    backend.vault.process.kill('SIGCONT')
  }
  for (const name of ['PadlockVaultDown', 'PadlockTokensFailing', 'PadlockNotReady']) {
    await ends(name)
  }
  await tokens.stop()
  t.equal(tokens.statuses.at(-1), 200)
})

t.test('an instance that is gone', async () => {
  narrow.process.kill('SIGTERM')
  await fires('PadlockDown')
})
