import { readFile } from 'node:fs/promises'
import t from 'tap'
import { acceptedClaims } from '../../support/accepted.ts'
import { startService, testBackend } from '../../support/service.ts'
import { until } from '../../support/wait.ts'

// The key is made anew under its name while the service runs, as by a Vault in memory that was stopped and started.

const backend = await testBackend(t)
const { api, auditLog } = backend.vault
await backend.addProfile('other')
// No refresh by itself: what follows is caused by signatures that do not verify.
const service = await startService(t, backend, { PADLOCK_PROFILE_REFRESH_SECONDS: '3600' })

async function makeAnew(name: string): Promise<void> {
  await api('POST', `transit/keys/${name}/config`, { deletion_allowed: true })
  await api('DELETE', `transit/keys/${name}`)
  await api('POST', `transit/keys/${name}`, { type: 'rsa-2048' })
}

interface Readiness {
  status: string
  components: { profiles: { status: string; entries: Record<string, unknown>[] } }
}
const ready = async () => {
  const answer = await fetch(`${service.url}/health/ready`)
  const { components } = (await answer.json()) as Readiness
  const entries = Object.fromEntries(components.profiles.entries.map((entry) => [entry.name, entry]))
  return { status: answer.status, profiles: components.profiles.status, entries }
}
const issue = (profile: string) => service.issue({ userId: 'customer-8714' }, { profile })
const lists = async () =>
  (await readFile(auditLog, 'utf8')).split('\n').filter((line) => {
    return /"type":"request".*"operation":"list".*padlock\/profiles/.test(line)
  }).length

t.test('one of two profiles is reported, and the other one signs', async (t) => {
  t.match(await ready(), { status: 200, profiles: 'ok' })
  await makeAnew('padlock-other')
  const refused = await issue('other')
  t.equal(refused.status, 502)
  t.match(await refused.json(), { code: 'signature_invalid' })
  await until(async () => (await ready()).entries.other?.signs === false)
  t.match(await ready(), {
    ...{ status: 200, profiles: 'degraded' },
    entries: { other: { error: 'signature_invalid', signs: false }, default: { signs: true } },
  })
  await service.logged({ profile: 'other', code: 'signature_invalid' })
  t.equal((await issue('default')).status, 200)
})

t.test('an instance that can make no token that verifies is not ready, and says why', async (t) => {
  await makeAnew('padlock-default')
  const before = await lists()
  await until(async () => {
    await issue('default')
    return (await ready()).status === 503
  })
  t.match(await ready(), {
    profiles: 'unavailable',
    entries: { default: { error: 'signature_invalid', signs: false, keyVersion: 1 } },
  })
  for (let i = 0; i < 50; i++) {
    await issue('default')
  }
  t.ok((await lists()) - before <= 3, 'it reads the profiles again, and not for each signature')
})

t.test('a profile that was set up anew signs at once, long before the next refresh', async (t) => {
  const { data } = (await api('GET', 'secret/data/padlock/profiles/default')).body.data
  const again = { ...data, activatedAt: new Date().toISOString() }
  await api('POST', 'secret/data/padlock/profiles/default', { data: again })
  let answer = await issue('default')
  await until(async () => {
    if (answer.status !== 200) {
      answer = await issue('default')
    }
    return answer.status === 200
  })
  const { token } = (await answer.json()) as { token: string }
  t.ok(await acceptedClaims(token, service))
  t.match(await ready(), { status: 200, entries: { default: { state: 'ready', signs: true } } })
})
