import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { PadlockError } from '../../../src/errors.ts'
import { VaultSession } from '../../../src/vault/session/session.ts'
import { auditedCalls, type TestRole, testRole } from '../../support/app-role.ts'
import { testLogin } from '../../support/login.ts'
import { testVault } from '../../support/vault.ts'
import { vaultStandIn } from '../../support/vault-stand-in.ts'
import { until } from '../../support/wait.ts'

const vault = await testVault(t)
await vault.api('POST', 'sys/mounts/transit', { type: 'transit' })
await vault.api('POST', 'transit/keys/padlock-shop', { type: 'rsa-2048' })

/** A session of the given variables; it is stopped at the end of the test. */
function testSession(t: Test, env: Record<string, string>) {
  const variables = { VAULT_ADDR: vault.address, ...env }
  const own = testLogin(t, variables)
  const { login } = own
  // As in `padlock serve`: the session's calls wait behind no others.
  const { client } = testLogin(t, variables)
  const results: string[] = []
  // biome-ignore lint/suspicious/noExplicitAny: a log line has any fields.
  const log: any[] = []
  const logger = pino({}, { write: (line: string) => log.push(JSON.parse(line)) })
  const session = new VaultSession(own.client, login, logger, { login: (result) => results.push(result) })
  t.teardown(() => session.stop())
  /** A call that the service's policy allows; gives the token that it was made with. */
  const call = () =>
    session.use(async (token) => {
      await client.read('transit/keys/padlock-shop', { token, timeoutMs: 60_000 })
      return token as string
    })
  return { client, session, results, log, call }
}

async function appRole(t: Test, name: string, fields: object = {}) {
  const role = await testRole(vault, name, fields)
  const env = { PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID: await role.secretId() }
  return { role, env, ...testSession(t, env) }
}
const logins = () => auditedCalls(vault, 'auth/approle/login')
const revoke = (token: string) => vault.api('POST', 'auth/token/revoke', { token })
const codeOf = (error: unknown) => (error instanceof PadlockError ? error.code : error)

t.test('thousands of calls at once whose token was revoked cost exactly one login', async (t) => {
  const { session, call } = await appRole(t, 'burst')
  await session.start()
  const old = await call()
  // A denial right after a login would be taken for the policy's.
  await sleep(1_100)
  const before = await logins()
  const lookups = await auditedCalls(vault, 'auth/token/lookup-self')
  await revoke(old)
  const tokens = await Promise.all(Array.from({ length: 2_000 }, call))
  t.equal(new Set(tokens).size, 1, 'all end with the same token')
  t.not(tokens[0], old)
  t.equal((await logins()) - before, 1)
  t.equal((await auditedCalls(vault, 'auth/token/lookup-self')) - lookups, 1, 'and one question')
})

t.test('thousands of calls before the first login cost one login as well', async (t) => {
  const { call } = await appRole(t, 'first')
  const before = await logins()
  const tokens = await Promise.all(Array.from({ length: 2_000 }, call))
  t.equal(new Set(tokens).size, 1)
  t.equal((await logins()) - before, 1)
})

t.test('a token is renewed before its end, and replaced before its max TTL, without an error', async (t) => {
  const max = await appRole(t, 'max', { token_period: 0, token_ttl: '2s', token_max_ttl: '5s' })
  await max.session.start()
  const tokens = new Set<string>()
  while (tokens.size < 3) {
    for (const token of await Promise.all(Array.from({ length: 10 }, max.call))) {
      tokens.add(token)
    }
    await sleep(20)
  }
  t.strictSame(max.results, ['ok', 'ok', 'ok'], 'no other logins')
  const renewals = await auditedCalls(vault, 'auth/token/renew-self')
  t.ok(renewals >= 4, `each was renewed first: ${renewals} renewals`)
  t.strictSame(
    max.log.filter(({ level }) => level >= 40),
    [],
  )
})

t.test('a periodic token is renewed again and again', async (t) => {
  const { session, call, results } = await appRole(t, 'periodic', { token_period: '9s' })
  await session.start()
  const token = await call()
  const before = await auditedCalls(vault, 'auth/token/renew-self')
  await until(async () => (await auditedCalls(vault, 'auth/token/renew-self')) >= before + 2)
  t.equal(await call(), token)
  t.strictSame(results, ['ok'])
})

t.test('a renewal that Vault does not answer is tried again', async (t) => {
  const standIn = await vaultStandIn(t, vault.address)
  const role = await testRole(vault, 'away', { token_period: '3s' })
  const env = { PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID: await role.secretId() }
  const { session, call, results, log } = testSession(t, { ...env, VAULT_ADDR: standIn.address })
  await session.start()
  const token = await call()
  const renewals = () => standIn.calls.filter(({ path }) => path === 'auth/token/renew-self').length
  standIn.answer = (call) =>
    call.path === 'auth/token/renew-self' && renewals() <= 2
      ? { status: 503, body: { errors: [] } }
      : call.forward()
  await until(() => renewals() >= 4)
  t.equal(await call(), token)
  t.strictSame(results, ['ok'])
  t.equal(log.filter(({ msg }) => /could not be renewed, will try again/.test(msg)).length, 2)
})

t.test('a batch token, which cannot be renewed, is replaced in time', async (t) => {
  const fields = { token_type: 'batch', token_period: 0, token_ttl: '3s' }
  const { session, call, results } = await appRole(t, 'batch', fields)
  await session.start()
  const token = await call()
  while ((await call()) === token) {
    await sleep(20)
  }
  t.strictSame(results, ['ok', 'ok'])
})

t.test('calls that the policy denies make no storm of logins', async (t) => {
  const { session, client, call, log } = await appRole(t, 'policy')
  await session.start()
  await call()
  await sleep(1_100)
  const before = await logins()
  const denied = () =>
    session.use((token) => client.read('secret/data/other', { token })).then(() => 'allowed', codeOf)
  for (let i = 0; i < 5; i++) {
    t.strictSame(new Set(await Promise.all(Array.from({ length: 50 }, denied))), new Set(['vault_denied']))
    await sleep(300)
  }
  t.equal((await logins()) - before, 1, 'one, in case that the role got another policy')
  t.equal(log.filter(({ msg }) => /its policy does not allow it/.test(msg)).length, 1)
  t.ok(await call(), 'other calls are served')
})

t.test('a role that gets the missing policy is served without a restart', async (t) => {
  const { session, client, call } = await appRole(t, 'more')
  await session.start()
  await call()
  await sleep(1_100)
  const policy = 'path "secret/data/more" { capabilities = ["read"] }'
  await vault.api('PUT', 'sys/policies/acl/more', { policy })
  await vault.api('POST', 'secret/data/more', { data: {} })
  await vault.api('POST', 'auth/approle/role/more', { token_policies: ['signer-more', 'more'] })
  t.ok(await session.use((token) => client.read('secret/data/more', { token })))
})

t.test(
  'while no login succeeds, calls fail at once with its code, and it is tried again by itself',
  async (t) => {
    const { session, role, env, call, results, log } = await appRole(t, 'lost')
    await session.start()
    const old = await call()
    await sleep(1_100)
    await vault.api('DELETE', 'auth/approle/role/lost')
    await revoke(old)
    const before = await logins()
    const start = performance.now()
    const codes = await Promise.all(Array.from({ length: 500 }, () => call().catch(codeOf)))
    t.strictSame(new Set(codes), new Set(['vault_denied']))
    t.match(session.state(), { loggedIn: false, tokenTtlSeconds: undefined, lastError: 'vault_denied' })
    // One attempt, and one question whether the role is there; and as many again after each pause, 125 ms at the least.
    const attempts = 1 + (performance.now() - start) / 125
    t.ok((await logins()) - before <= 2 * Math.ceil(attempts))
    t.match(
      await call().catch((error: PadlockError) => error.message),
      'Vault refused the service',
      'no detail for callers',
    )
    t.ok(log.some(({ level, msg }) => level === 50 && /there is no role with this role_id/.test(msg)))
    await restore(role, env.PADLOCK_VAULT_SECRET_ID)
    await until(() => session.state().loggedIn)
    t.ok(await call())
    t.match(results, ['ok', 'vault_denied'])
    t.equal(results.at(-1), 'ok')
  },
)

/** Makes a role again as it was, with its role_id and a secret_id. */
async function restore(role: TestRole, secretId: string): Promise<void> {
  await testRole(vault, role.name)
  await vault.api('POST', `auth/approle/role/${role.name}/role-id`, { role_id: role.roleId })
  await vault.api('POST', `auth/approle/role/${role.name}/custom-secret-id`, { secret_id: secretId })
}

t.test('a Vault that is not there at the start is waited for', async (t) => {
  const standIn = await vaultStandIn(t, vault.address)
  standIn.answer = () => ({ status: 503, body: { errors: ['Vault is sealed'] } })
  const role = await testRole(vault, 'late')
  const env = { PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID: await role.secretId() }
  const { session, call, log } = testSession(t, { ...env, VAULT_ADDR: standIn.address })
  const started = session.start()
  await until(() => standIn.calls.length >= 3)
  t.equal(await call().catch(codeOf), 'vault_sealed')
  t.equal(log.filter(({ msg }) => /cannot log in/.test(msg)).length, 1, 'the same failure is told once')
  standIn.answer = (call) => call.forward()
  await started
  t.ok(await call())
})

t.test('a new secret_id in the file is taken up by a login, and the old token is given back', async (t) => {
  const file = join(vault.dir, 'secret-id')
  const role = await testRole(vault, 'delivered')
  await writeFile(file, await role.secretId({ ttl: '100h' }))
  const env = { PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID_FILE: file }
  const { session, call, log } = testSession(t, env)
  await session.start()
  await until(() => session.state().secretIdTtlSeconds !== undefined)
  t.match(session.state().warnings, ['secret_id_ends_soon'])
  t.ok(log.some(({ level, msg }) => level === 40 && /the secret_id ends within a week/.test(msg)))
  const old = await call()
  await writeFile(file, await role.secretId({ ttl: '400h' }))
  while ((await call()) === old) {
    await sleep(20)
  }
  await until(() => session.state().warnings.length === 0)
  t.ok((session.state().secretIdTtlSeconds as number) > 399 * 3600)
  const next = await call()
  await session.stop()
  for (const token of [old, next]) {
    t.equal((await vault.api('GET', 'auth/token/lookup-self', undefined, token)).status, 403, 'revoked')
  }
  t.equal(session.state().loggedIn, false)
})

t.test('a file with something that does not work leaves the session as it is', async (t) => {
  const file = join(vault.dir, 'broken-secret-id')
  const role = await testRole(vault, 'broken')
  await writeFile(file, await role.secretId())
  const env = { PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID_FILE: file }
  const { session, call } = testSession(t, env)
  await session.start()
  const token = await call()
  await writeFile(file, 'something else')
  await until(() => session.state().lastError === 'vault_denied')
  t.equal(await call(), token)
  t.equal(session.state().loggedIn, true)
  await writeFile(file, await role.secretId())
  await until(() => session.state().lastError === undefined)
})

t.test('a token that was given ends for good, and is warned of', async (t) => {
  const create = async (fields: object): Promise<string> =>
    (await vault.api('POST', 'auth/token/create', fields)).body.auth.client_token
  const sessionOf = async (t: Test, fields: object) => {
    const env = { PADLOCK_VAULT_AUTH: 'token', VAULT_TOKEN: await create(fields) }
    const made = testSession(t, env)
    await made.session.start()
    return made
  }
  const fixed = await sessionOf(t, { ttl: '1h', renewable: false })
  t.strictSame(fixed.session.state().warnings, ['token_ends_soon'])
  t.ok(fixed.log.some(({ level, msg }) => level === 40 && /the Vault token ends within a week/.test(msg)))
  const bounded = await sessionOf(t, { ttl: '1h', explicit_max_ttl: '50h' })
  t.strictSame(bounded.session.state().warnings, ['token_ends_soon'])
  const renewed = await sessionOf(t, { period: '2s' })
  t.strictSame(renewed.session.state().warnings, [])
  const never = testSession(t, { PADLOCK_VAULT_AUTH: 'token', VAULT_TOKEN: vault.rootToken })
  await never.session.start()
  t.match(never.session.state(), { tokenTtlSeconds: Infinity, warnings: [] })

  await vault.api('POST', 'sys/auth/token/tune', { max_lease_ttl: '6s' })
  const capped = await sessionOf(t, { ttl: '4s' })
  t.strictSame(capped.session.state().warnings, [], 'nobody can know yet')
  await until(() => capped.session.state().warnings.length > 0)
  t.equal(capped.session.state().loggedIn, true, 'its renewal brought less than before')
  // Whether a token that was denied right after its login lives is asked with a later call.
  await until(async () => {
    const outcome = await capped.call().catch(codeOf)
    return outcome === 'vault_denied' && !capped.session.state().loggedIn
  })
  await vault.api('POST', 'sys/auth/token/tune', { max_lease_ttl: '768h' })
  await renewed.session.stop()
  const self = await vault.api('GET', 'auth/token/lookup-self', undefined, await never.call())
  t.equal(self.status, 200, 'a token that was given is not revoked')
})

t.test('a stop during a login, and a call after a stop, leave no login behind', async (t) => {
  const { session, call } = await appRole(t, 'stopped')
  const started = session.start()
  await session.stop()
  await started
  t.equal(await call().catch(codeOf), 'vault_timeout')
  t.equal(session.state().loggedIn, false)
})
