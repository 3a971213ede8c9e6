import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { testRole } from '../../support/app-role.ts'
import { testLogin } from '../../support/login.ts'
import { testVault } from '../../support/vault.ts'
import { vaultStandIn } from '../../support/vault-stand-in.ts'

const vault = await testVault(t)
const role = await testRole(vault, 'padlock')
const other = await testRole(vault, 'other')
let count = 0
const newFile = () => join(vault.dir, `wrapped-${count++}`)

/** A login with a wrapping token in a file. */
async function wrappedLogin(t: Pick<Test, 'teardown'>, token: string, address = vault.address) {
  const file = newFile()
  await writeFile(file, `${token}\n`)
  const env = {
    VAULT_ADDR: address,
    PADLOCK_VAULT_ROLE_ID: role.roleId,
    PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE: file,
  }
  return { file, ...testLogin(t, env) }
}
const unwrap = (token: string) => vault.api('POST', 'sys/wrapping/unwrap', {}, token)

t.test('is opened once and kept in memory', async (t) => {
  const wrapping = await role.wrapped()
  const { login, file } = await wrappedLogin(t, wrapping)
  t.strictSame(login.files, [file])
  const token = await login.login({})
  t.match(token, { roleName: 'padlock' })
  t.equal((await unwrap(wrapping)).status, 400, 'it is used up')
  t.match(await login.login({}), { roleName: 'padlock' }, 'a second login needs no second token')
  await rm(file)
  t.match(await login.login({}), { roleName: 'padlock' }, 'nor the file')
  t.equal(await login.secretIdTtl?.(token), Number.POSITIVE_INFINITY)
})

t.test('one that somebody else opened is named as possibly stolen', async (t) => {
  const wrapping = await role.wrapped()
  await unwrap(wrapping)
  const { login } = await wrappedLogin(t, wrapping)
  await t.rejects(login.login({}), { code: 'vault_denied', message: /SOMEBODY ELSE MAY HAVE OPENED IT/ })
})

t.test('one that was swapped for another role’s is noticed, and not opened', async (t) => {
  const wrapping = await other.wrapped()
  const { login } = await wrappedLogin(t, wrapping)
  await t.rejects(login.login({}), {
    code: 'vault_denied',
    message: /was not made at auth\/approle\/role\/padlock\/secret-id: it may have been swapped/,
  })
  const headers = { 'X-Vault-Token': vault.rootToken, 'X-Vault-Wrap-TTL': '60s' }
  const wrap = await fetch(`${vault.address}/v1/sys/wrapping/wrap`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ secret_id: await other.secretId() }),
  })
  const forged = ((await wrap.json()) as { wrap_info: { token: string } }).wrap_info.token
  await t.rejects((await wrappedLogin(t, forged)).login.login({}), { message: /may have been swapped/ })
  t.equal((await unwrap(wrapping)).status, 200)
})

t.test('a new one in the file brings a new secret_id', async (t) => {
  const { login, file } = await wrappedLogin(t, await role.wrapped())
  await login.login({})
  const next = await role.wrapped()
  await writeFile(file, next)
  t.match(await login.login({}), { roleName: 'padlock' })
  t.equal((await unwrap(next)).status, 400, 'it was opened')
})

t.test('one that cannot be used leaves the old secret_id in use, and is reported once', async (t) => {
  const { login, file, errors } = await wrappedLogin(t, await role.wrapped())
  await login.login({})
  const stolen = await role.wrapped()
  await unwrap(stolen)
  await writeFile(file, stolen)
  t.match(await login.login({}), { roleName: 'padlock' })
  t.match(await login.login({}), { roleName: 'padlock' })
  t.equal(errors.length, 1)
  t.match(errors[0], /the old one stays in use: .*SOMEBODY ELSE/)
  await writeFile(file, await role.wrapped())
  await login.login({})
  t.equal(errors.length, 1)
})

t.test('one whose opening got no answer is told from one that was stolen', async (t) => {
  const standIn = await vaultStandIn(t, vault.address)
  const { login } = await wrappedLogin(t, await role.wrapped(), standIn.address)
  standIn.answer = async (call) => {
    const answer = await call.forward()
    return call.path === 'sys/wrapping/unwrap' ? 'reset' : answer
  }
  await t.rejects(login.login({}), { code: 'vault_unavailable' })
  standIn.answer = (call) => call.forward()
  await t.rejects(login.login({}), { code: 'vault_denied', message: /answer when it was opened never came/ })
})

t.test('a Vault that is away leaves the wrapping token unopened', async (t) => {
  const standIn = await vaultStandIn(t, vault.address)
  standIn.answer = () => ({ status: 503, body: { errors: ['Vault is sealed'] } })
  const { login } = await wrappedLogin(t, await role.wrapped(), standIn.address)
  await t.rejects(login.login({}), { code: 'vault_sealed' })
  standIn.answer = (call) => call.forward()
  t.match(await login.login({}), { roleName: 'padlock' })
})

t.test('a file that holds no token is told by its variable', async (t) => {
  const { login } = await wrappedLogin(t, 'not a token')
  await t.rejects(login.login({}), { message: /PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE holds no token/ })
})
