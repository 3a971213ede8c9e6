import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { auditedCalls, testRole } from '../../support/app-role.ts'
import { testLogin } from '../../support/login.ts'
import { testVault } from '../../support/vault.ts'

const vault = await testVault(t)
const base = { VAULT_ADDR: vault.address, PADLOCK_VAULT_AUTH: 'approle' }
const file = (name: string) => join(vault.dir, name)

t.test('role_id and secret_id as values', async (t) => {
  const role = await testRole(vault, 'values')
  const env = { PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID: await role.secretId() }
  const { login } = testLogin(t, { ...base, ...env })
  const token = await login.login({})
  t.match(token, { ttlSeconds: 3600, renewable: true, roleName: 'values', batch: false })
  const self = await vault.api('GET', 'auth/token/lookup-self', undefined, token.token)
  t.strictSame(self.body.data.policies, ['signer-values'])
  t.equal(await login.secretIdTtl?.(token), Number.POSITIVE_INFINITY)
})

t.test('role_id and secret_id from files, read again at each login', async (t) => {
  const role = await testRole(vault, 'files')
  const env = { PADLOCK_VAULT_ROLE_ID_FILE: file('role-id'), PADLOCK_VAULT_SECRET_ID_FILE: file('secret-id') }
  const { login } = testLogin(t, { ...base, ...env })
  t.strictSame(login.files, [file('role-id'), file('secret-id')])
  await t.rejects(login.login({}), {
    code: 'vault_unavailable',
    message: /PADLOCK_VAULT_ROLE_ID_FILE .*\(ENOENT\)/,
  })
  await writeFile(file('role-id'), `${role.roleId}\n`)
  await writeFile(file('secret-id'), ' \n')
  await t.rejects(login.login({}), {
    code: 'vault_unavailable',
    message: /PADLOCK_VAULT_SECRET_ID_FILE is empty/,
  })
  await writeFile(file('secret-id'), `${await role.secretId({ ttl: '600s', num_uses: 1 })}\n`)
  const token = await login.login({})
  t.equal(await login.secretIdTtl?.(token), 0, 'its one use is spent')
  await t.rejects(login.login({}), {
    code: 'vault_denied',
    message: /spent.*Deliver a new one: padlock setup --new-secret-id/,
  })
  await writeFile(file('secret-id'), await role.secretId({ ttl: '600s' }))
  const next = await login.login({})
  const ttl = await login.secretIdTtl?.(next)
  t.ok(ttl !== undefined && ttl > 590 && ttl <= 600, `${ttl}`)
})

t.test('at a mount and a role of other names', async (t) => {
  await vault.api('POST', 'sys/auth/shops/apps', { type: 'approle' })
  await vault.api('POST', 'auth/shops/apps/role/other', { token_policies: ['signer-values'] })
  const path = 'auth/shops/apps/role/other'
  const roleId = (await vault.api('GET', `${path}/role-id`)).body.data.role_id
  const secretId = (await vault.api('POST', `${path}/secret-id`)).body.data.secret_id
  const env = {
    PADLOCK_VAULT_AUTH_MOUNT: 'shops/apps',
    PADLOCK_VAULT_ROLE_ID: roleId,
    PADLOCK_VAULT_SECRET_ID: secretId,
  }
  t.match(await testLogin(t, { ...base, ...env }).login.login({}), { roleName: 'other' })
})

t.test('a batch token is known as one', async (t) => {
  const role = await testRole(vault, 'batch', { token_type: 'batch', token_period: 0, token_ttl: '1h' })
  const env = { PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID: await role.secretId() }
  const { login } = testLogin(t, { ...base, ...env })
  t.match(await login.login({}), { batch: true, renewable: false })
})

t.test('a refused secret_id does not lock the role for the one that comes after it', async (t) => {
  const role = await testRole(vault, 'lockout')
  const env = { PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID_FILE: file('wrong') }
  await writeFile(file('wrong'), '00000000-0000-0000-0000-000000000000')
  const { login } = testLogin(t, { ...base, ...env })
  // Vault locks a role_id for 15 minutes after the fifth.
  for (let i = 0; i < 12; i++) {
    await t.rejects(login.login({}), { code: 'vault_denied', message: /does not take the secret_id/ })
  }
  await writeFile(file('wrong'), await role.secretId())
  t.match(await login.login({}), { roleName: 'lockout' })
})

t.test('a role that is deleted and made again is found again', async (t) => {
  const role = await testRole(vault, 'gone')
  const secretId = await role.secretId()
  const env = { PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID: secretId }
  const { login } = testLogin(t, { ...base, ...env })
  await login.login({})
  await vault.api('DELETE', 'auth/approle/role/gone')
  for (let i = 0; i < 12; i++) {
    await t.rejects(login.login({}), { code: 'vault_denied', message: /no role with this role_id/ })
  }
  await testRole(vault, 'gone')
  await vault.api('POST', 'auth/approle/role/gone/role-id', { role_id: role.roleId })
  await t.rejects(
    login.login({}),
    { message: /does not take the secret_id/ },
    'its secret_ids are not there yet',
  )
  await vault.api('POST', 'auth/approle/role/gone/custom-secret-id', { secret_id: secretId })
  t.match(await login.login({}), { roleName: 'gone' })
})

t.test('what else Vault refuses is told in words of ours', async (t) => {
  const bound = await testRole(vault, 'bound', { secret_id_bound_cidrs: ['10.1.0.0/16'] })
  const far = { PADLOCK_VAULT_ROLE_ID: bound.roleId, PADLOCK_VAULT_SECRET_ID: await bound.secretId() }
  await t.rejects(testLogin(t, { ...base, ...far }).login.login({}), {
    code: 'vault_denied',
    message: /address is not among those/,
  })
  const role = await testRole(vault, 'locked')
  const wrong = { role_id: role.roleId, secret_id: 'wrong' }
  for (let i = 0; i < 5; i++) {
    await vault.api('POST', 'auth/approle/login', wrong)
  }
  const good = { PADLOCK_VAULT_ROLE_ID: role.roleId, PADLOCK_VAULT_SECRET_ID: await role.secretId() }
  await t.rejects(testLogin(t, { ...base, ...good }).login.login({}), {
    code: 'vault_denied',
    message: /\(403\): Vault has locked the role_id/,
  })
  await t.rejects(testLogin(t, { ...base, ...good, PADLOCK_VAULT_AUTH_MOUNT: 'none' }).login.login({}), {
    code: 'vault_denied',
    message: /refused the login at auth\/none/,
  })
  t.ok((await auditedCalls(vault, 'auth/approle/login')) > 0)
})
