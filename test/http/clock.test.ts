import t from 'tap'
import { startService, testBackend } from '../support/service.ts'
import { vaultStandIn } from '../support/vault-stand-in.ts'
import { until } from '../support/wait.ts'

// A real Vault whose answers say another time: this machine's clock stays as it is.
const backend = await testBackend(t)
await backend.addProfile('long', { tokenTtlSeconds: 3600 })
const vault = await vaultStandIn(t, backend.vault.address)
let aheadSeconds = 0
vault.answer = async (call) => {
  const { status, body } = await call.forward()
  const date = new Date(Date.now() + aheadSeconds * 1000).toUTCString()
  return { status, headers: { date, 'content-type': 'application/json' }, text: JSON.stringify(body) }
}
const service = await startService(t, { ...backend, env: { ...backend.env, VAULT_ADDR: vault.address } })

// biome-ignore lint/suspicious/noExplicitAny: a component has fields of its own.
type Ready = { status: string; components: Record<string, any> }
/** Waits for 200: on a busy machine Vault's own health may come too late once. */
const ready = async (): Promise<Ready> => {
  const answer = await fetch(`${service.url}/health/ready`)
  return answer.status === 200 ? ((await answer.json()) as Ready) : ready()
}
const offset = async () => {
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  return Number(/^padlock_vault_clock_offset_seconds (.+)$/m.exec(metrics)?.[1])
}
const near = (value: number, wanted: number) => Math.abs(value - wanted) < 1
const warnings = () => service.log.filter(({ level, msg }) => level === 'warn' && /clock/.test(msg))

t.test('clocks that agree', async (t) => {
  await until(async () => near(await offset(), 0))
  t.match(await ready(), { status: 'ready', components: { clock: { status: 'ok' } } })
  t.equal(warnings().length, 0)
})

t.test('clocks that are apart by less than a token lives: a metric and one warning', async (t) => {
  aheadSeconds = -20
  await until(async () => near(await offset(), -20))
  t.match(await ready(), { status: 'ready', components: { clock: { status: 'ok' } } })
  await until(async () => warnings().length > 0)
  t.equal(warnings().length, 1)
})

t.test('clocks that are apart by more than a profile’s tokens live: degraded, by its name', async (t) => {
  aheadSeconds = 300
  await until(async () => near(await offset(), 300))
  const { status, components } = await ready()
  t.equal(status, 'degraded')
  t.match(components.clock, { status: 'degraded', profiles: ['default'] })
  t.ok(near(components.clock.offsetSeconds, 300))
  t.equal((await service.issue({ userId: 'visitor-1' })).status, 200, 'tokens are issued all the same')
  t.equal(warnings().length, 1)
})

t.test('clocks that agree again', async (t) => {
  aheadSeconds = 0
  await until(async () => near(await offset(), 0))
  t.match(await ready(), { status: 'ready', components: { clock: { status: 'ok' } } })
  await service.logged({ msg: "Vault's clock and this machine's agree again" })
})
