import { execFile, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseEnv, promisify } from 'node:util'
import { decodeJwt, exportJWK } from 'jose'
import t, { type Test } from 'tap'
import { parse as parseYaml } from 'yaml'
import { freePort } from '../../dev/free-port.ts'
import { mayIssue } from '../../src/http/callers/authorise.ts'
import { callerOf, claimsFault, headerFault } from '../../src/http/callers/caller-token.ts'
import { acceptedClaims } from '../support/accepted.ts'
import { testIssuer } from '../support/callers.ts'
import { docsBlock } from '../support/documents.ts'
import { jwksServer } from '../support/jwks-server.ts'
import { startService, type TestService, testBackend } from '../support/service.ts'
import { runCommandLine } from '../support/terminal.ts'
import { until } from '../support/wait.ts'

// Each way of docs/caller-jwt.md to a JWT; a small identity provider comes from its registry.
const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'padlock-caller-jwt-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const backend = await testBackend(t)
const { vault } = backend
const block = (name: string) => docsBlock('caller-jwt.md', name)

// The program may have another name, where it was given in VAULT_BIN.
await mkdir(join(folder, 'bin'))
await symlink(vault.binary, join(folder, 'bin/vault'))

/** Runs a block of the page, in the test's folder. */
async function bash(name: string, vaultToken = vault.rootToken): Promise<string> {
  const env = {
    PATH: `${folder}/bin:${process.env.PATH}`,
    ...{ HOME: folder, VAULT_ADDR: vault.address, VAULT_TOKEN: vaultToken },
  }
  return (await run('bash', ['--norc', '-euc', await block(name)], { cwd: folder, env })).stdout.trim()
}

/** Starts a Padlock with the variables of a block, where some values are this test's own. */
async function serve(t: Test, name: string, own: Record<string, string>): Promise<TestService> {
  const said = parseEnv(await block(name)) as Record<string, string>
  for (const variable of Object.keys(own)) {
    t.ok(said[variable], `${name} has ${variable}`)
  }
  return startService(t, backend, { PADLOCK_CALLER_PUBLIC_KEY_FILE: '', ...said, ...own })
}

async function issue(service: TestService, jwt: string): Promise<Response> {
  return service.issue({ userId: 'customer-8714' }, { headers: { authorization: `Bearer ${jwt}` } })
}

async function gets(t: Test, service: TestService, jwt: string): Promise<void> {
  const answer = await issue(service, jwt)
  t.equal(answer.status, 200)
  const { token } = (await answer.json()) as { token: string }
  t.equal((await acceptedClaims(token, service))['https://iadvize.com/userId'], 'customer-8714')
}

/** Runs the page's command that lists a `sub` in the profile. */
async function list(t: Test, name: string): Promise<void> {
  const [, ...words] = (await block(name)).trim().split(' ')
  const env = { VAULT_ADDR: vault.address, VAULT_TOKEN: vault.rootToken, HOME: folder }
  const { exitCode, stderr } = await runCommandLine(env, words)
  t.equal(exitCode, 0, stderr)
}

t.test("a key pair of the shop's, and a JWT by hand", async (t) => {
  await bash('key-pair')
  const service = await serve(t, 'key-pair-env', {
    PADLOCK_CALLER_PUBLIC_KEY_FILE: join(folder, 'caller.pub'),
  })
  await bash('by-hand')
  await gets(t, service, (await readFile(join(folder, 'caller.jwt'), 'utf8')).trim())
})

t.test('client credentials of an identity provider', async (t) => {
  const cwd = join(folder, 'idp')
  await cp(join(import.meta.dirname, 'oidc-provider'), cwd, { recursive: true })
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd })
  const port = await freePort(0, '127.0.0.1')
  const issuer = `http://127.0.0.1:${port}`
  // Its tokens are good for 61 seconds, so that the next is wanted a second later.
  const provider = spawn(
    'env',
    ['-u', 'NODE_OPTIONS', process.execPath, 'server.mjs', `${port}`, 's3cret', '61'],
    { cwd },
  )
  t.teardown(() => provider.kill())
  await until(() =>
    fetch(`${issuer}/jwks`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  const service = await serve(t, 'client-credentials-env', {
    PADLOCK_CALLER_JWKS_URL: `${issuer}/jwks`,
    PADLOCK_CALLER_ISSUER: issuer,
  })
  await writeFile(join(folder, 'caller.mjs'), await block('client-credentials.mjs'))
  const own = { IDP_TOKEN_URL: `${issuer}/token`, IDP_CLIENT_ID: 'shop-backend', IDP_CLIENT_SECRET: 's3cret' }
  Object.assign(process.env, own)
  const { callerJwt } = await import(pathToFileURL(join(folder, 'caller.mjs')).href)
  const first = await callerJwt()
  t.equal(await callerJwt(), first, 'is kept')
  t.match(decodeJwt(first), { iss: issuer, aud: 'padlock', sub: 'shop-backend', scope: 'issue:default' })
  await gets(t, service, first)
  await until(async () => (await callerJwt()) !== first)
  await gets(t, service, await callerJwt())
  process.env.IDP_CLIENT_SECRET = 'wrong'
  await until(() =>
    callerJwt().then(
      () => false,
      (error: Error) => /no JWT of the identity provider: 401/.test(error.message),
    ),
  )
})

t.test("Vault's identity tokens", async (t) => {
  await bash('vault-identity')
  await vault.api('POST', 'sys/auth/userpass', { type: 'userpass' })
  await vault.api('POST', 'auth/userpass/users/shop', {
    password: 's3cret',
    token_policies: ['padlock-caller'],
  })
  const login = await fetch(`${vault.address}/v1/auth/userpass/login/shop`, {
    method: 'POST',
    body: '{"password":"s3cret"}',
  })
  const { auth } = (await login.json()) as { auth: { client_token: string } }
  const jwt = await bash('vault-identity-token', auth.client_token)
  const issuer = `${vault.address}/v1/identity/oidc`
  const service = await serve(t, 'vault-identity-env', {
    PADLOCK_CALLER_JWKS_URL: `${issuer}/.well-known/keys`,
    PADLOCK_CALLER_ISSUER: issuer,
  })
  await gets(t, service, jwt)
  await t.rejects(bash('vault-identity-token'), 'a root token stands for no entity')
})

/** Stands for the cluster. */
const other = testIssuer()
const otherKeys = await jwksServer(t, [
  { ...(await exportJWK(other.privateKey)), kid: 'k-1', use: 'sig', alg: 'RS256' },
])
for (const key of otherKeys.keys) {
  for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const) {
    delete key[secret]
  }
}
t.test('service accounts of Kubernetes', async (t) => {
  const { volumes } = parseYaml(await block('service-account'))
  const { audience, expirationSeconds } = volumes[0].projected.sources[0].serviceAccountToken
  const iss = 'https://oidc.cluster.example'
  const kubernetes = { namespace: 'shop', serviceaccount: { name: 'backend' } }
  const claims = {
    iss,
    aud: [audience],
    sub: 'system:serviceaccount:shop:backend',
    'kubernetes.io': kubernetes,
  }
  const exp = Math.floor(Date.now() / 1000) + expirationSeconds
  const jwt = await other.token({ ...claims, exp, scope: undefined }, { kid: 'k-1' })
  const own = { PADLOCK_CALLER_JWKS_URL: otherKeys.url }
  t.equal((await issue(await serve(t, 'service-account-env', own), jwt)).status, 403, 'not listed')
  await list(t, 'service-account-caller')
  await gets(t, await serve(t, 'service-account-env', own), jwt)
})

t.test('tokens as identity providers document them', async (t) => {
  const listed = /callers=(\S+)/.exec(await block('by-sub'))?.[1] as string
  await list(t, 'by-sub')
  const now = Math.floor(Date.now() / 1000)
  /** What Padlock says of a payload, where its issuer is the one given: `good`, or the fault. */
  const said = (issuer: string, payload: Record<string, unknown>, typ = 'JWT') => {
    const claims = { aud: 'padlock', sub: '0oa9', iat: now, exp: now + 3_600, ...payload }
    const rules = { issuer, audience: 'padlock', clockToleranceSeconds: 5, maxLifeSeconds: 86_400 }
    const fault = headerFault({ alg: 'RS256', kid: 'k-1', typ }) ?? claimsFault(claims, rules, now)
    return fault ?? (mayIssue(callerOf(claims), 'default', [listed]) ? 'good' : 'scope')
  }
  const scope = 'issue:default'
  const keycloak = 'https://login.example/realms/shop'
  const auth0 = 'https://shop.eu.auth0.com/'
  const entra = 'https://login.microsoftonline.com/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/v2.0'
  const okta = 'https://shop.okta.com/oauth2/default'
  const cognito = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a1B2c3D4e'

  const mapped = { iss: keycloak, aud: ['padlock', 'account'], typ: 'Bearer' }
  t.equal(said(keycloak, { ...mapped, scope: `profile ${scope} email` }), 'good')
  t.equal(said(keycloak, { ...mapped, aud: 'account', scope }), 'audience', 'Keycloak without a mapper')
  t.equal(said(`${keycloak}/`, { ...mapped, scope }), 'issuer', 'a slash that is not in the tokens')
  const machine = { iss: auth0, sub: 'a1B2@clients', gty: 'client-credentials', scope }
  t.equal(said(auth0, machine, 'at+jwt'), 'good', 'Auth0')
  t.equal(said(auth0.slice(0, -1), machine), 'issuer', 'Auth0 without its slash')
  t.equal(said(entra, { iss: entra, roles: [scope] }), 'scope', 'Entra ID, not listed')
  t.equal(said(entra, { iss: entra, roles: [scope], sub: listed }), 'good', 'Entra ID, listed')
  t.equal(said(okta, { iss: okta, scp: [scope] }), 'scope', 'Okta, not listed')
  t.equal(said(okta, { iss: okta, scp: scope }), 'scope', 'scp as a text')
  t.equal(said(okta, { iss: okta, scp: [scope], sub: listed }), 'good', 'Okta, listed')
  t.equal(said(cognito, { iss: cognito, aud: undefined, scope: `padlock/${scope}` }), 'audience', 'Cognito')
})
