import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startService, testBackend } from '../support/service.ts'
import { type StandInAnswer, type StandInCall, vaultStandIn } from '../support/vault-stand-in.ts'

const backend = await testBackend(t)

/** Vault's own answer with more in it than was asked for, as the call says where; any other call gets its own. */
const large: Readonly<Record<string, (call: StandInCall) => Promise<StandInAnswer>>> = {
  '300,000 results of one signature': (call) =>
    // biome-ignore lint/suspicious/noExplicitAny: Vault's answers are any.
    changed(call, 'transit/sign/', (body: any) => {
      const [result] = body.data.batch_results
      body.data.batch_results = Array(300_000).fill({ reference: result.reference })
    }),
  '1,000 results that have one reference': (call) =>
    // biome-ignore lint/suspicious/noExplicitAny: Vault's answers are any.
    changed(call, 'transit/sign/', (body: any) => {
      body.data.batch_results = Array(1_000).fill(body.data.batch_results[0])
    }),
  '20,000 versions of a key': (call) =>
    // biome-ignore lint/suspicious/noExplicitAny: Vault's answers are any.
    changed(call, 'transit/keys/', (body: any) => {
      for (let version = 2; version <= 20_000; version++) {
        body.data.keys[version] = body.data.keys[1]
      }
      body.data.latest_version = 20_000
    }),
  '10,000 versions of a key': (call) =>
    // biome-ignore lint/suspicious/noExplicitAny: Vault's answers are any.
    changed(call, 'transit/keys/', (body: any) => {
      for (let version = 2; version <= 10_000; version++) {
        body.data.keys[version] = body.data.keys[1]
      }
      body.data.latest_version = 10_000
    }),
  '300,000 profiles': (call) =>
    // biome-ignore lint/suspicious/noExplicitAny: Vault's answers are any.
    changed(call, 'secret/metadata/padlock/profiles?', (body: any) => {
      body.data.keys = Array.from({ length: 300_000 }, (_v, i) => `p${i}`)
    }),
  '100,000 versions of a profile': (call) =>
    // biome-ignore lint/suspicious/noExplicitAny: Vault's answers are any.
    changed(call, 'secret/metadata/padlock/profiles/', (body: any) => {
      for (let i = 2; i <= 100_000; i++) {
        body.data.versions[i] = body.data.versions[1]
      }
    }),
  'a body of 100 MB': async (call) =>
    call.path.startsWith('transit/')
      ? { status: 200, text: `{"data":"${'x'.repeat(100e6)}"}` }
      : call.forward(),
  'a body of 100 MB with an error': async (call) =>
    call.path.startsWith('transit/')
      ? { status: 500, text: `{"errors":["${'x'.repeat(100e6)}"]}` }
      : call.forward(),
  'a list in a list, 500,000 deep': async (call) =>
    call.path.startsWith('transit/')
      ? { status: 200, text: `{"data":${'['.repeat(500_000)}${']'.repeat(500_000)}}` }
      : call.forward(),
}

// biome-ignore lint/suspicious/noExplicitAny: Vault's answers are any.
async function changed(call: StandInCall, path: string, change: (body: any) => void): Promise<StandInAnswer> {
  const answer = await call.forward()
  if (call.path.startsWith(path) && answer.status === 200) {
    change(answer.body)
  }
  return answer
}

for (const [what, answer] of Object.entries(large)) {
  t.test(`${what}: every request has its answer in time, and little is spent on it`, async (t) => {
    const vault = await vaultStandIn(t, backend.vault.address)
    const service = await startService(t, backend, {
      VAULT_ADDR: vault.address,
      PADLOCK_PROFILE_REFRESH_SECONDS: '1',
    })
    const cpu = async () => {
      const text = await (await fetch(`${service.url}/metrics`)).text()
      return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1])
    }
    vault.answer = answer
    const before = await cpu()
    for (let i = 0; i < 3; i++) {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_v, j) => service.issue({ userId: `u-${i}-${j}` })),
      )
      const wrong = answers.filter(({ status }) => ![200, 502, 503, 504].includes(status))
      t.strictSame(
        wrong.map(({ status }) => status),
        [],
      )
      await sleep(700)
    }
    const spent = (await cpu()) - before
    t.ok(spent < 4, `${spent.toFixed(2)} s of processor time`)
    t.comment(`${what}: ${spent.toFixed(2)} s of processor time`)
    vault.answer = (call) => call.forward()
    let status = 0
    for (let i = 0; status !== 200 && i < 200; i++) {
      await sleep(100)
      status = (await service.issue({ userId: 'u-1' })).status
    }
    t.equal(status, 200, 'tokens go on when Vault is well again')
    service.process.kill('SIGTERM')
  })
}
