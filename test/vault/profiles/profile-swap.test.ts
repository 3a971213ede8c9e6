import { readFile } from 'node:fs/promises'
import t from 'tap'
import { probeCorrelationPrefix, probeText } from '../../../src/vault/signing/signing-probe.ts'
import { acceptedClaims } from '../../support/accepted.ts'
import { startService, testBackend } from '../../support/service.ts'
import { vaultStandIn } from '../../support/vault-stand-in.ts'
import { until } from '../../support/wait.ts'

const backend = await testBackend(t)
const { vault } = backend
const { api } = vault
const stand = await vaultStandIn(t, vault.address)
const service = await startService(
  t,
  { ...backend, env: { ...backend.env, VAULT_ADDR: stand.address } },
  { PADLOCK_PROFILE_REFRESH_SECONDS: '1' },
)
const isProbe = (call: { headers?: Record<string, unknown> }) =>
  String(call.headers?.['x-correlation-id']).startsWith(probeCorrelationPrefix)

interface Readiness {
  components: { profiles: { status: string; refreshSeconds: number; entries: Record<string, unknown>[] } }
}
const ready = async () => {
  const answer = await fetch(`${service.url}/health/ready`)
  return ((await answer.json()) as Readiness).components.profiles
}
const entry = async () => (await ready()).entries[0] as Record<string, unknown>
const pin = async (version: number, previous?: number) => {
  const { data } = (await api('GET', 'secret/data/padlock/profiles/default')).body.data
  const settings = { ...data, signingKeyVersion: version, previousSigningKeyVersion: previous }
  return api('POST', 'secret/data/padlock/profiles/default', { data: settings })
}
const issue = async () => {
  const answer = await service.issue({ userId: 'u-1' })
  t.equal(answer.status, 200)
  return (await answer.json()) as { token: string; keyVersion: number }
}
const metric = async (name: string) => {
  const text = await (await fetch(`${service.url}/metrics`)).text()
  return text.split('\n').filter((line) => line.startsWith(`${name}{`))
}

t.test('Vault rotated behind Padlock’s back: nothing changes but what is published', async (t) => {
  await api('POST', 'transit/keys/padlock-default/rotate')
  const pem = (version: number) =>
    fetch(`${service.url}/v1/profiles/default/public-key.pem?version=${version}`)
  await until(async () => (await pem(2)).ok)
  t.equal((await issue()).keyVersion, 1)
  t.match(await entry(), { state: 'ready', keyVersion: 1, kvVersion: 1 })
  t.notOk(stand.calls.some(isProbe))
})

t.test('a version that cannot sign is not swapped to: the last good one stays, and it is told', async (t) => {
  stand.answer = async (call) => {
    if (!isProbe(call)) {
      return call.forward()
    }
    return { status: 403, body: { errors: ['permission denied'] } }
  }
  await pin(2, 1)
  await until(async () => (await entry()).state === 'stale')
  t.match(await entry(), { keyVersion: 1, kvVersion: 2, error: 'vault_denied' })
  t.equal((await ready()).status, 'degraded')
  t.equal((await issue()).keyVersion, 1)
  const line = await service.logged({ profile: 'default', code: 'vault_denied' })
  t.match(line.msg, /A probe with version 2 of its key failed.*its last good settings stay in use/)
  t.same(await metric('padlock_profile_state'), [
    'padlock_profile_state{profile="default",state="ready"} 0',
    'padlock_profile_state{profile="default",state="stale"} 1',
    'padlock_profile_state{profile="default",state="unusable"} 0',
  ])
  t.same(await metric('padlock_profile_key_version'), ['padlock_profile_key_version{profile="default"} 1'])
})

t.test('nor one whose signature does not verify, or that another version made', async (t) => {
  const real = stand.calls.find(isProbe)
  for (const change of [
    (signature: string) => signature.replace('vault:v2:', 'vault:v1:'),
    (signature: string) => signature.replace(/.{8}$/, 'AAAAAAAA'),
  ]) {
    let probes = 0
    stand.answer = async (call) => {
      const answer = await call.forward()
      if (!isProbe(call)) {
        return answer
      }
      probes += 1
      const [result] = answer.body.data.batch_results
      const batch_results = [{ ...result, signature: change(result.signature) }]
      return { ...answer, body: { ...answer.body, data: { batch_results } } }
    }
    await until(() => probes > 1)
    t.match(await entry(), { state: 'stale', keyVersion: 1, error: 'signature_invalid' })
  }
  t.match(real?.body, {
    ...{ key_version: '2', prehashed: true, signature_algorithm: 'pkcs1v15', marshaling_algorithm: 'jws' },
  })
})

t.test('once the probe verifies it swaps, and a probe is in the audit log under its name', async (t) => {
  stand.answer = (call) => call.forward()
  await until(async () => (await entry()).keyVersion === 2)
  t.match(await entry(), { state: 'ready', kvVersion: 2 })
  t.notOk((await entry()).error)
  const { token, keyVersion } = await issue()
  t.equal(keyVersion, 2)
  t.ok(await acceptedClaims(token, service))
  const lines = (await readFile(vault.auditLog, 'utf8')).trim().split('\n')
  const probes = lines.map((line) => JSON.parse(line).request).filter(isProbe)
  t.ok(probes.length > 0 && probes.every(({ path }) => path.startsWith('transit/sign/')))
  t.equal(stand.calls.filter(isProbe).filter(({ path }) => !path.startsWith('transit/sign/')).length, 0)
  const before = stand.calls.filter(isProbe).length
  const reads = stand.calls.length
  await until(() => stand.calls.length > reads + 6)
  t.equal(stand.calls.filter(isProbe).length, before, 'one for each swap, and none afterwards')
})

t.test('a profile whose history was erased is read anew, though its KV version is the same', async (t) => {
  const path = 'secret/data/padlock/profiles/default'
  const { data } = (await api('GET', path)).body.data
  const made = async (tokenTtlSeconds: number) => {
    await api('DELETE', 'secret/metadata/padlock/profiles/default')
    await api('POST', path, { data: { ...data, tokenTtlSeconds } })
  }
  const life = async () =>
    ((await (await service.issue({ userId: 'u-1' })).json()) as { expiresIn: number }).expiresIn
  await made(70)
  await until(async () => (await life()) === 70)
  t.match(await entry(), { kvVersion: 1 })
  await made(80)
  await until(async () => (await life()) === 80)
  t.match(await entry(), { kvVersion: 1 })
})

t.test('what a probe signs can never be a token', (t) => {
  // RFC 7515 §5.1: a signing input is BASE64URL '.' BASE64URL.
  t.notMatch(probeText, /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
  t.match(probeText, ' ')
  t.end()
})
