import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { testRole } from '../support/app-role.ts'
import { startPrometheus } from '../support/prometheus.ts'
import { startService, testBackend } from '../support/service.ts'
import { until } from '../support/wait.ts'

/** Two minutes before a token's end are the alert's limit, which no Vault lets pass faster. */
const lifeSeconds = 150

const backend = await testBackend(t)
const { vault } = backend
const file = join(vault.dir, 'secret-id')
const role = await testRole(vault, 'padlock', {
  token_period: 0,
  token_ttl: `${lifeSeconds}s`,
  token_max_ttl: `${lifeSeconds}s`,
})
await writeFile(file, await role.secretId({ num_uses: 1 }))
const { VAULT_TOKEN: _, ...env } = backend.env
const service = await startService(
  t,
  { ...backend, env },
  {
    PADLOCK_VAULT_AUTH: 'approle',
    PADLOCK_VAULT_ROLE_ID: role.roleId,
    PADLOCK_VAULT_SECRET_ID_FILE: file,
  },
)
const prometheus = await startPrometheus(t, [service.url])
const alert = 'PadlockVaultTokenExpiring'
const isFiring = async () => (await prometheus.firing()).includes(alert)
const secondsLeft = async () =>
  (await prometheus.query('padlock_vault_token_ttl_seconds'))[0]?.value as number

/** What Vault makes of a renewal of the service's own token for an hour: the seconds that it still lives. */
async function renewed(): Promise<number> {
  const { body } = await vault.api('LIST', 'auth/token/accessors')
  for (const accessor of body.data.keys) {
    const token = await vault.api('POST', 'auth/token/lookup-accessor', { accessor })
    if (token.body.data?.meta?.role_name !== role.name) {
      continue
    }
    const answer = await vault.api('POST', 'auth/token/renew-accessor', { accessor, increment: '1h' })
    return answer.body.auth.lease_duration
  }
  throw new Error('the service has no token')
}

t.test(
  'a session whose token ends soon, and that cannot be renewed nor replaced, until it can',
  async (t) => {
    t.ok((await secondsLeft()) > 120)
    t.notOk(await isFiring())
    await until(isFiring)
    t.ok((await secondsLeft()) < 120)
    t.ok((await renewed()) < 120, 'no renewal helps')
    const [firing] = await prometheus.query(`ALERTS{alertname="${alert}", alertstate="firing"}`)
    t.match(firing?.labels, { severity: 'critical', instance: new URL(service.url).host })
    t.equal((await service.issue({ userId: 'u-1' })).status, 200, 'still in time')

    // The cure of docs/operations.md.
    await testRole(vault, role.name, { token_ttl: 0, token_max_ttl: 0 })
    await writeFile(file, await role.secretId())
    await until(async () => !(await isFiring()))
    t.ok((await secondsLeft()) > 120)
    t.equal((await service.issue({ userId: 'u-1' })).status, 200)
  },
)
