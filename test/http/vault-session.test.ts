import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { testRole } from '../support/app-role.ts'
import { contractFetch } from '../support/contract.ts'
import { startService, testBackend } from '../support/service.ts'
import { until } from '../support/wait.ts'

const backend = await testBackend(t)
const { PADLOCK_VAULT_AUTH: _auth, VAULT_TOKEN: _token, ...env } = backend.env
const role = await testRole(backend.vault, 'padlock')
const file = join(backend.vault.dir, 'wrapped')
await writeFile(file, await role.wrapped())

// biome-ignore lint/suspicious/noExplicitAny: a component has fields of its own.
type Ready = { status: string; components: Record<string, any> }
const ready = async (url: string) => {
  const answer = await contractFetch(`${url}/health/ready`)
  const { status, components } = (await answer.json()) as Ready
  return { http: answer.status, status, session: components.session }
}
const metric = async (url: string, name: string) => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return text.match(new RegExp(`^${name} (.+)$`, 'm'))?.[1]
}

t.test(
  'a wrapped secret_id: tokens, its life in readiness and metrics, the next one without a restart',
  async (t) => {
    const service = await startService(
      t,
      { ...backend, env },
      { PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE: file },
    )
    t.equal((await service.issue({ userId: 'visitor-1' })).status, 200)
    const { session, ...rest } = await ready(service.url)
    t.strictSame(rest, { http: 200, status: 'ready' })
    t.match(session, { status: 'ok', loggedIn: true, method: 'approle', warnings: [] })
    t.notOk('secretIdTtlSeconds' in session, 'it never ends')
    t.ok(session.tokenTtlSeconds > 3500 && session.tokenTtlSeconds <= 3600)
    t.equal(await metric(service.url, 'padlock_vault_secret_id_ttl_seconds'), '+Inf')
    t.ok(Number(await metric(service.url, 'padlock_vault_token_ttl_seconds')) > 3500)
    t.equal(await metric(service.url, 'padlock_vault_logins_total{result="ok"}'), '1')

    await backend.vault.api('POST', 'auth/approle/role/padlock', { secret_id_ttl: '24h' })
    await writeFile(file, await role.wrapped())
    await until(async () => (await ready(service.url)).status === 'degraded')
    const soon = await ready(service.url)
    t.match(soon, { http: 200, session: { status: 'degraded', warnings: ['secret_id_ends_soon'] } })
    t.ok(soon.session.secretIdTtlSeconds > 86_000 && soon.session.secretIdTtlSeconds <= 86_400)
    t.ok(Number(await metric(service.url, 'padlock_vault_secret_id_ttl_seconds')) > 86_000)
    t.equal(await metric(service.url, 'padlock_vault_logins_total{result="ok"}'), '2')
    t.equal((await service.issue({ userId: 'visitor-1' })).status, 200)
  },
)

t.test(
  'a token that was given and ends within a week: degraded; one beside another login: a word',
  async (t) => {
    const created = await backend.vault.api('POST', 'auth/token/create', { ttl: '1h', renewable: false })
    const given = { VAULT_TOKEN: created.body.auth.client_token }
    const service = await startService(t, backend, given)
    t.match(await ready(service.url), {
      http: 200,
      status: 'degraded',
      session: { status: 'degraded', method: 'token', warnings: ['token_ends_soon'] },
    })
    t.equal(await metric(service.url, 'padlock_vault_secret_id_ttl_seconds'), undefined)
    const other = await startService(
      t,
      { ...backend, env },
      { ...given, PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID: await role.secretId() },
    )
    await other.logged({ msg: 'VAULT_TOKEN is set and not used: see PADLOCK_VAULT_AUTH' })
    t.notMatch(JSON.stringify(other.log), given.VAULT_TOKEN)
  },
)
