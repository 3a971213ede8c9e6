import t, { type Test } from 'tap'
import { acceptedClaims } from '../../support/accepted.ts'
import { keyRunner, operatorToken } from '../../support/key-command.ts'
import { startService, testBackend } from '../../support/service.ts'
import { until } from '../../support/wait.ts'

const backend = await testBackend(t)
const { api } = backend.vault
const service = await startService(t, backend, { PADLOCK_PROFILE_REFRESH_SECONDS: '1' })
const profilePath = 'secret/data/padlock/profiles/default'
const keyPath = 'transit/keys/padlock-default'

/** Moves an engine to another path, and waits until it is there. */
async function move(from: string, to: string): Promise<void> {
  const { migration_id } = (await api('POST', 'sys/remount', { from, to })).body
  const status = async () => (await api('GET', `sys/remount/status/${migration_id}`)).body
  await until(async () => (await status()).data.migration_info.status === 'success')
}

/** Puts another transit engine with a key of the same name where the one in use is, which goes to `to`. */
async function replaceKey(to: string): Promise<void> {
  await move('transit', to)
  await api('POST', 'sys/mounts/transit', { type: 'transit' })
  await api('POST', keyPath, { type: 'rsa-2048' })
}

const change = async (settings: object) => {
  const { data } = (await api('GET', profilePath)).body.data
  return api('POST', profilePath, { data: { ...data, ...settings } })
}

interface Readiness {
  components: { profiles: { entries: Record<string, unknown>[] } }
}
const entry = async () => {
  const answer = await fetch(`${service.url}/health/ready`)
  return ((await answer.json()) as Readiness).components.profiles.entries[0] as Record<string, unknown>
}
const publicKey = async () => (await fetch(`${service.url}/v1/profiles/default/public-key.pem`)).text()

async function isRefused(t: Test): Promise<void> {
  const answer = await service.issue({ userId: 'u-1' })
  t.equal(answer.status, 502)
  t.match(await answer.json(), { code: 'signature_invalid' })
}

async function isIssued(t: Test, keyVersion: number): Promise<void> {
  const answer = await service.issue({ userId: 'u-1' })
  t.equal(answer.status, 200)
  const given = (await answer.json()) as { token: string; keyVersion: number }
  t.equal(given.keyVersion, keyVersion)
  t.ok(await acceptedClaims(given.token, service))
}

t.test('a key that was replaced in Vault under the same name is not signed with', async (t) => {
  const before = await publicKey()
  await isIssued(t, 1)
  await replaceKey('lost')
  await until(async () => (await entry()).state === 'stale')
  t.match(await entry(), { keyVersion: 1, error: 'signature_invalid' })
  const { msg } = await service.logged({ profile: 'default', code: 'signature_invalid' })
  t.match(
    msg,
    /The transit key padlock-default was replaced in Vault: .* version 1 .*snapshot.*padlock key stage/,
  )
  t.match(msg, 'its last good settings stay in use')
  t.equal(await publicKey(), before)
  await isRefused(t)
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  t.match(metrics, 'padlock_profile_state{profile="default",state="stale"} 1')
})

t.test('nor once the profile is changed otherwise, or its key was gone in between', async (t) => {
  await change({ tokenTtlSeconds: 70 })
  await until(async () => (await entry()).kvVersion === 2)
  t.match(await entry(), { state: 'stale', error: 'signature_invalid' })
  await isRefused(t)
  await api('POST', `${keyPath}/config`, { deletion_allowed: true })
  await api('DELETE', keyPath)
  await until(async () => (await entry()).error === 'signing_key_missing')
  await api('POST', keyPath, { type: 'rsa-2048' })
  await until(async () => (await entry()).error === 'signature_invalid')
  await isRefused(t)
})

t.test('when the old key is back, tokens are issued again', async (t) => {
  await move('transit', 'other')
  await move('lost', 'transit')
  await until(async () => (await entry()).state === 'ready')
  await isIssued(t, 1)
})

t.test('where the old key is lost, a new version that is activated signs', async (t) => {
  await replaceKey('lost-for-good')
  await until(async () => (await entry()).state === 'stale')
  const key = keyRunner(backend.vault, await operatorToken(backend.vault))
  const staged = await key(['stage', 'default', '--yes', '--output', 'json'])
  t.equal(staged.exitCode, 0, staged.stderr)
  const { version, fingerprint } = JSON.parse(staged.stdout)
  t.equal(version, 2)
  const activate = [
    'activate',
    'default',
    '2',
    '--acknowledged',
    fingerprint,
    '--yes',
    '--instance',
    service.url,
  ]
  const activated = await key(activate)
  t.equal(activated.exitCode, 0, activated.stderr)
  t.match(await entry(), { state: 'ready', keyVersion: 2 })
  await isIssued(t, 2)
})

t.test('a version that is activated once more, as by a set-up from nothing, is taken as it is', async (t) => {
  await replaceKey('third')
  await api('POST', `${keyPath}/rotate`)
  await until(async () => (await entry()).error === 'signature_invalid')
  await change({ activatedAt: new Date().toISOString() })
  await until(async () => (await entry()).state === 'ready')
  await isIssued(t, 2)
})
