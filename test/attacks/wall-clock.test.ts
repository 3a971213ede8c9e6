import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { testRole } from '../support/app-role.ts'
import { startService, type TestService, testBackend } from '../support/service.ts'
import { vaultStandIn } from '../support/vault-stand-in.ts'
import { until } from '../support/wait.ts'

// Each service waits for most of its test: some at a time keep the file within tap's limit.
t.jobs = 4
// A new object each time: tap writes into it what it keeps of a test, and two tests of one object get each other's results.
const beside = () => ({ buffered: true })
const backend = await testBackend(t)
const { vault, callers } = backend
const role = await testRole(vault, 'clock')
const preload = join(import.meta.dirname, '../support/shifted-clock.ts')
let clocks = 0

/** A process whose clock is off by so many seconds, and what sets it. */
async function shifted(t: Test, env: Record<string, string>, seconds: number) {
  clocks += 1
  const file = join(vault.dir, `clock-${clocks}`)
  await writeFile(file, String(seconds))
  const variables = { TEST_CLOCK_FILE: file, PADLOCK_PROFILE_REFRESH_SECONDS: '1', ...env }
  const service = await startService(t, backend, variables, undefined, ['--import', preload])
  return { service, set: (to: number) => writeFile(file, String(to)) }
}

async function ready({ url }: Pick<TestService, 'url'>) {
  const answer = await fetch(`${url}/health/ready`)
  // biome-ignore lint/suspicious/noExplicitAny: a component has fields of its own.
  const { status, components } = (await answer.json()) as { status: string; components: any }
  return { http: answer.status, status, session: components.session, clock: components.clock }
}

/** Asks for a token as a caller whose clock is off as Padlock's is. */
async function issue(service: TestService, offSeconds: number, sub: string, profile = 'default') {
  const now = Math.floor(Date.now() / 1000) + offSeconds
  const token = await callers.token({ sub, iat: now, exp: now + 600 })
  const answer = await service.issue(
    { userId: 'customer-8714' },
    { profile, headers: { authorization: `Bearer ${token}` } },
  )
  return answer.status
}

const hour = 3_700
const shifts: [name: string, from: number, to: number][] = [
  ['behind, then set right', -hour, 0],
  ['behind, then ahead', -hour, hour],
  ['ahead, then set right', hour, 0],
  ['ahead, then behind', hour, -hour],
  ['right, then ahead', 0, hour],
  ['right, then behind', 0, -hour],
  ['a year behind, then set right', -365 * 86_400, 0],
]

// First, since it waits longest: the others run beside it.
t.test(
  'a served call proves the session: what else made the token live longer is not known',
  beside(),
  async (t) => {
    // Long enough for a service to start on a machine that is busy.
    const fields = { policies: ['signer-clock'], ttl: '30s' }
    const created = performance.now()
    const { client_token: token } = (await vault.api('POST', 'auth/token/create', fields)).body.auth
    const stand = await vaultStandIn(t, vault.address)
    let asked = 0
    // Padlock learns of the token's life once, and of no other.
    stand.answer = async (call) => {
      if (!/^auth\/token\/(lookup|renew)-self/.test(call.path)) {
        return call.forward()
      }
      asked += 1
      return asked === 1 ? call.forward() : { status: 502, text: 'a proxy on the way' }
    }
    const env = { VAULT_ADDR: stand.address, VAULT_TOKEN: token, PADLOCK_PROFILE_REFRESH_SECONDS: '1' }
    const service = await startService(t, backend, env)
    await vault.api('POST', 'auth/token/renew', { token, increment: '1h' })
    await sleep(31_000 - (performance.now() - created))
    await until(async () => (await ready(service)).http === 200)
    t.equal((await service.issue({ userId: 'customer-8714' })).status, 200)
    const { http, session } = await ready(service)
    t.match({ http, session }, { http: 200, session: { loggedIn: true } })
    t.equal(session.tokenTtlSeconds, undefined, 'its end is not known')
    await vault.api('POST', 'auth/token/revoke', { token })
    await until(async () => (await ready(service)).session.loggedIn === false)
  },
)

const days = 86_400 * 10
const logins: [name: string, env: () => Promise<Record<string, string>>, secretId: boolean][] = [
  [
    'AppRole',
    async () => ({
      PADLOCK_VAULT_AUTH: 'approle',
      PADLOCK_VAULT_ROLE_ID: role.roleId,
      PADLOCK_VAULT_SECRET_ID: await role.secretId({ ttl: `${days}s` }),
    }),
    true,
  ],
  [
    'a token with a longest life',
    async () => {
      const fields = { policies: ['signer-clock'], ttl: '1h', explicit_max_ttl: `${days}s` }
      return { VAULT_TOKEN: (await vault.api('POST', 'auth/token/create', fields)).body.auth.client_token }
    },
    false,
  ],
]

for (const [login, env, hasSecretId] of logins) {
  for (const [name, from, to] of shifts) {
    t.test(
      `${login}, the clock ${name}: the session, the limits and tokens are as before`,
      beside(),
      async (t) => {
        const limits = { PADLOCK_RATE_LIMIT_PER_SECOND: '5', PADLOCK_REFUSALS_PER_MINUTE: '1000' }
        const { service, set } = await shifted(t, { ...(await env()), ...limits }, from)
        const check = async (off: number, when: string) => {
          await until(async () => (await ready(service)).http === 200)
          const { session } = await ready(service)
          t.match(session, { status: 'ok', loggedIn: true, warnings: [] }, when)
          t.ok(
            session.tokenTtlSeconds > 3_000 && session.tokenTtlSeconds <= 3_600,
            `${when}: ${session.tokenTtlSeconds} s`,
          )
          if (hasSecretId) {
            await until(async () => (await ready(service)).session.secretIdTtlSeconds !== undefined)
            const left = (await ready(service)).session.secretIdTtlSeconds
            t.ok(Math.abs(left - days) < 600, `${when}: the secret_id lives ${left} s`)
          }
          t.equal(await issue(service, off, 'shop'), 200, `${when}: a token`)
        }
        await check(from, 'before')
        await set(to)
        await check(to, 'after')
        // More than the limit of one second, in several: a window ends though the clock was set. That of the tokens before is over.
        await sleep(1_100)
        const statuses: number[] = []
        for (let i = 0; i < 7; i++) {
          statuses.push(await issue(service, to, 'shop'))
          await sleep(300)
        }
        t.same(statuses, Array(7).fill(200))
        // Two looks at Vault's time by the new clock.
        if (to === 0) {
          await until(async () => (await ready(service)).status === 'ready')
        }
      },
    )
  }
}

for (const [name, off] of [
  ['behind', -hour],
  ['right', 0],
  ['ahead', hour],
] as const) {
  t.test(`a profile that is deleted gives no token, with the clock ${name}`, beside(), async (t) => {
    const profile = `gone-${name}`
    await backend.addProfile(profile)
    const { service } = await shifted(t, {}, off)
    t.equal(await issue(service, off, 'shop', profile), 200)
    await vault.api('DELETE', `secret/data/padlock/profiles/${profile}`)
    await until(async () => (await issue(service, off, 'shop', profile)) === 404)
  })
}

t.test('a refusal by the limit of refusals ends, with the clock set back', beside(), async (t) => {
  const { service, set } = await shifted(t, { PADLOCK_REFUSALS_PER_MINUTE: '3' }, hour)
  const refused = async () => {
    const answer = await service.issue({ userId: 'u' }, { headers: { authorization: 'Bearer a.b.c' } })
    return { status: answer.status, wait: Number(answer.headers.get('retry-after')) }
  }
  for (let i = 0; i < 3; i++) {
    t.equal((await refused()).status, 401)
  }
  await set(0)
  const { status, wait } = await refused()
  t.equal(status, 429)
  t.ok(wait <= 60, `${wait} s to wait`)
})
