import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { testAuthority } from '../../support/certificates.ts'
import { testLogin } from '../../support/login.ts'
import { serverVault } from '../../support/server-vault.ts'
import { testVault } from '../../support/vault.ts'

const pki = await testVault(t)
const authority = await testAuthority(pki, 'ca')
const stranger = await testAuthority(pki, 'stranger')
const { binary, dir } = pki
const vault = await serverVault(t, {
  binary,
  dir,
  tls: await authority.issue('vault.test', { ip: '127.0.0.1' }),
})
await vault.api('POST', 'sys/auth/cert', { type: 'cert' })
await vault.api('POST', 'auth/cert/certs/padlock', {
  certificate: authority.caPem,
  allowed_common_names: ['padlock.test'],
  token_ttl: '20m',
})

const good = await authority.issue('padlock.test')
const env = {
  VAULT_ADDR: vault.tlsAddress,
  VAULT_CACERT: authority.caFile,
  PADLOCK_VAULT_AUTH: 'cert',
  VAULT_CLIENT_CERT: good.certFile,
  VAULT_CLIENT_KEY: good.keyFile,
}

t.test('logs in with the certificate of the connection', async (t) => {
  const { client, login } = testLogin(t, env)
  const { token, ttlSeconds } = await login.login({})
  t.equal(ttlSeconds, 1200)
  t.match(await client.read('auth/token/lookup-self', { token }), { data: { path: 'auth/cert/login' } })
  t.match(await client.write('auth/token/renew-self', {}, { token }), { auth: { renewable: true } })
})

t.test('of a role that is named, where any could match', async (t) => {
  await testLogin(t, { ...env, PADLOCK_VAULT_ROLE: 'padlock' }).login.login({})
  const refused = {
    code: 'vault_denied',
    message: /auth\/cert \(40\d\): it does not know the client certificate/,
  }
  await t.rejects(testLogin(t, { ...env, PADLOCK_VAULT_ROLE: 'other' }).login.login({}), refused)
  const other = await authority.issue('other.test')
  const files = { VAULT_CLIENT_CERT: other.certFile, VAULT_CLIENT_KEY: other.keyFile }
  await t.rejects(testLogin(t, { ...env, ...files }).login.login({}), refused)
})

t.test('takes up a certificate that was written again', async (t) => {
  const [certFile, keyFile] = [join(dir, 'changing.pem'), join(dir, 'changing-key.pem')]
  const unknown = await stranger.issue('padlock.test')
  await copyFile(unknown.certFile, certFile)
  await copyFile(unknown.keyFile, keyFile)
  const { client, login } = testLogin(t, { ...env, VAULT_CLIENT_CERT: certFile, VAULT_CLIENT_KEY: keyFile })
  t.strictSame(login.files, [certFile, keyFile])
  await client.read('sys/health')
  await t.rejects(login.login({}), { code: 'vault_denied' })
  await copyFile(good.certFile, certFile)
  await copyFile(good.keyFile, keyFile)
  t.equal((await login.login({})).ttlSeconds, 1200, 'over a new connection')
})
