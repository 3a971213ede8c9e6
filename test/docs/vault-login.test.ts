import { execFile, spawn } from 'node:child_process'
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import { exportJWK } from 'jose'
import t, { type Test } from 'tap'
import { freePort } from '../../dev/free-port.ts'
import { endingWithParent } from '../../dev/vault-process.ts'
import { policyText } from '../../src/vault/admin/policies.ts'
import { testRole } from '../support/app-role.ts'
import { testIssuer } from '../support/callers.ts'
import { testAuthority } from '../support/certificates.ts'
import { jwksServer } from '../support/jwks-server.ts'
import { testLogin } from '../support/login.ts'
import { block, blocksOf } from '../support/readme.ts'
import { serverVault } from '../support/server-vault.ts'
import { testVault } from '../support/vault.ts'
import { until } from '../support/wait.ts'

const page = new URL('../../docs/vault-login.md', import.meta.url)
const vault = await testVault(t)
const role = await testRole(vault, 'padlock')
const policy = await policyText('signer', {
  transitMount: 'transit',
  kvMount: 'secret',
  appRoleMount: 'approle',
  appRoleName: 'padlock',
})
await vault.api('PUT', 'sys/policies/acl/padlock-signer', { policy })
await writeFile(join(vault.dir, 'role-id'), role.roleId)
await writeFile(join(vault.dir, 'secret-id'), await role.secretId())
// The program may have another name, where it was given in VAULT_BIN.
await mkdir(join(vault.dir, 'bin'))
await symlink(vault.binary, join(vault.dir, 'bin', 'vault'))

/** Runs the commands of a block, as printed but for what is replaced, in the Vault's own folder. */
async function run(name: string, where = vault, replaced: Record<string, string> = {}): Promise<void> {
  let script = await block(name, page)
  for (const [from, to] of Object.entries(replaced)) {
    script = script.replaceAll(from, to)
  }
  const env = {
    PATH: `${vault.dir}/bin:${process.env.PATH}`,
    HOME: vault.dir,
    VAULT_ADDR: where.address,
    VAULT_TOKEN: where.rootToken,
  }
  await promisify(execFile)('bash', ['--norc', '-euc', script], { cwd: vault.dir, env })
}

/** The login that the variables of a block ask for, with their files in the Vault's folder. */
async function loginOf(t: Test, name: string, more: Record<string, string> = {}) {
  const text = (await block(name, page)).replaceAll(
    /\/(run\/padlock|var\/run\/secrets\/tokens)\//g,
    `${vault.dir}/`,
  )
  return testLogin(t, { VAULT_ADDR: vault.address, ...(parseEnv(text) as Record<string, string>), ...more })
}

/** Logs in and checks that the token has the service's policy alone. */
async function checkLogin(t: Test, { client, login }: Awaited<ReturnType<typeof loginOf>>) {
  const token = await login.login({})
  const self = (await client.read('auth/token/lookup-self', { token: token.token })) as {
    data: { policies: string[]; period: number }
  }
  t.strictSame(self.data.policies, ['padlock-signer'])
  t.equal(self.data.period, 3600)
}

t.test('AppRole with a wrapped secret_id', async (t) => {
  await run('lockout')
  await vault.api('POST', 'auth/approle/role/padlock', { token_policies: ['padlock-signer'] })
  await run('wrapped')
  await checkLogin(t, await loginOf(t, 'wrapped-env'))
})

t.test('JWT', async (t) => {
  const platform = testIssuer()
  const { kty, n, e } = await exportJWK(platform.privateKey)
  const { url } = await jwksServer(t, [{ kty, n, e, alg: 'RS256' } as object])
  await run('jwt', vault, { 'https://platform.example/keys': url })
  const jwt = await platform.token({ iss: 'https://platform.example', aud: 'vault', sub: 'padlock' })
  await writeFile(join(vault.dir, 'jwt'), jwt)
  await checkLogin(t, await loginOf(t, 'jwt-env'))
})

t.test('Kubernetes', async (t) => {
  // The Vault of the tests is built without this method: its commands are only told, and its variables used.
  const script = `vault() { printf '%s\\n' "$*"; }\n${await block('kubernetes', page)}`
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-euc', script])
  t.match(
    stdout,
    /^auth enable kubernetes\nwrite auth\/kubernetes\/config .*\nwrite auth\/kubernetes\/role\/padlock .*\n$/,
  )
  const { login } = await loginOf(t, 'kubernetes-env')
  await writeFile(join(vault.dir, 'vault'), 'a.b.c')
  await t.rejects(login.login({}), { code: 'vault_denied', message: /auth\/kubernetes/ })
})

t.test('TLS certificate', async (t) => {
  const authority = await testAuthority(vault, 'ca')
  const tls = await authority.issue('vault.test', { ip: '127.0.0.1' })
  const server = await serverVault(t, { binary: vault.binary, dir: vault.dir, tls })
  await server.api('PUT', 'sys/policies/acl/padlock-signer', { policy })
  await writeFile(join(vault.dir, 'client-ca.pem'), authority.caPem)
  await run('cert', { ...vault, ...server })
  const { certFile, keyFile } = await authority.issue('padlock.shop.example')
  await copyFile(certFile, join(vault.dir, 'client.pem'))
  await copyFile(keyFile, join(vault.dir, 'client-key.pem'))
  const more = { VAULT_ADDR: server.tlsAddress, VAULT_CACERT: authority.caFile }
  await checkLogin(t, await loginOf(t, 'cert-env', more))
})

t.test('a real Vault Proxy', async (t) => {
  const port = await freePort(0, '127.0.0.1')
  const hcl = (await block('proxy.hcl', page))
    .replace('https://vault.example:8200', vault.address)
    .replace('127.0.0.1:8100', `127.0.0.1:${port}`)
  await writeFile(join(vault.dir, 'proxy.hcl'), hcl)
  t.equal((await block('proxy', page)).trim(), 'vault proxy -config=proxy.hcl')
  const [command, ...words] = await endingWithParent([vault.binary, 'proxy', '-config=proxy.hcl'])
  const proxy = spawn(command as string, words, { cwd: vault.dir, env: { HOME: vault.dir }, stdio: 'ignore' })
  t.teardown(() => proxy.kill())
  const made = await loginOf(t, 'proxy-env', { VAULT_ADDR: `http://127.0.0.1:${port}` })
  await until(() =>
    made.login.login({}).then(
      () => true,
      () => false,
    ),
  )
  await checkLogin(t, made)
})

t.test('a token', async (t) => {
  await run('token')
  await checkLogin(t, await loginOf(t, 'token-env'))
})

t.test('every block of the page is tested here', async (t) => {
  const source = await readFile(import.meta.filename, 'utf8')
  for (const name of (await blocksOf(page)).keys()) {
    t.ok(source.includes(`'${name}'`), name)
  }
})
