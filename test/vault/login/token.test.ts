import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { testLogin } from '../../support/login.ts'
import { testVault } from '../../support/vault.ts'

const vault = await testVault(t)
const base = { VAULT_ADDR: vault.address, PADLOCK_VAULT_AUTH: 'token' }
const create = async (fields: object): Promise<string> =>
  (await vault.api('POST', 'auth/token/create', fields)).body.auth.client_token

t.test('a token of the environment, and what Vault says of it', async (t) => {
  const token = await create({ ttl: '1h', explicit_max_ttl: '10h' })
  const { login } = testLogin(t, { ...base, VAULT_TOKEN: token })
  const found = await login.login({})
  t.match(found, { token, renewable: true, fullTtlSeconds: 3600 })
  t.ok(found.ttlSeconds > 3590 && found.ttlSeconds <= 3600)
  t.ok((found.longestTtlSeconds as number) > 35_990 && (found.longestTtlSeconds as number) <= 36_001)
  t.equal(login.ownsToken, false)
  t.equal(login.warnBelowSeconds?.(found), 7 * 86_400)
})

t.test('a root token never ends', async (t) => {
  const { login } = testLogin(t, { ...base, VAULT_TOKEN: vault.rootToken })
  t.match(await login.login({}), { ttlSeconds: 0, renewable: false })
})

t.test('a token from a file, which somebody may replace at any time', async (t) => {
  const file = join(vault.dir, 'token')
  await writeFile(file, `${await create({ ttl: '1h' })}\n`)
  const { login } = testLogin(t, { ...base, VAULT_TOKEN_FILE: file })
  const found = await login.login({})
  t.equal(login.warnBelowSeconds?.(found), 360, 'a tenth of its life')
  t.strictSame(login.files, [file])
  const next = await create({ period: '2h' })
  await writeFile(file, next)
  t.match(await login.login({}), { token: next, fullTtlSeconds: 7200 })
})

t.test('a token that Vault does not take', async (t) => {
  const token = await create({ ttl: '1h' })
  await vault.api('POST', 'auth/token/revoke', { token })
  await t.rejects(testLogin(t, { ...base, VAULT_TOKEN: token }).login.login({}), {
    code: 'vault_denied',
    message: /run out, was revoked/,
  })
  t.throws(() => testLogin(t, { ...base, VAULT_TOKEN: 'hvs.two\nlines' }), /VAULT_TOKEN holds a line end/)
})
