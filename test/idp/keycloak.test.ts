import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseEnv, promisify } from 'node:util'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import t, { type Test } from 'tap'
import { keycloakVersion } from '../../tools/idp/keycloak.ts'
import { acceptedClaims } from '../support/accepted.ts'
import { docsBlock } from '../support/documents.ts'
import { startKeycloak } from '../support/keycloak.ts'
import { startService, testBackend } from '../support/service.ts'

// The settings of docs/caller-jwt.md in a real Keycloak. `make test-idp` runs it: it gets Keycloak, which takes Java.

const run = promisify(execFile)
const block = (name: string) => docsBlock('caller-jwt.md', name)
const keycloak = await startKeycloak(t)
const issuer = `${keycloak.url}/realms/shop`
const jwksUrl = `${issuer}/protocol/openid-connect/certs`
const tokenUrl = `${issuer}/protocol/openid-connect/token`

await keycloak.admin('POST', '', { realm: 'shop', enabled: true })
const env = {
  PATH: `${keycloak.bin}:${process.env.PATH}`,
  ...{ HOME: keycloak.dir, KC_CLI_PASSWORD: keycloak.adminPassword },
}
const login = ['config', 'credentials', '--server', keycloak.url, '--realm', 'master', '--user', 'admin']
await run('kcadm.sh', login, { env })
const { stdout } = await run('bash', ['--norc', '-euc', await block('keycloak')], { env })
const clientSecret = stdout.trim()

const backend = await testBackend(t)
const service = await startService(t, backend, {
  PADLOCK_CALLER_PUBLIC_KEY_FILE: '',
  ...(parseEnv(await block('client-credentials-env')) as Record<string, string>),
  ...{ PADLOCK_CALLER_JWKS_URL: jwksUrl, PADLOCK_CALLER_ISSUER: issuer },
})

const program = join(backend.vault.dir, 'caller.mjs')
await writeFile(program, await block('client-credentials.mjs'))
Object.assign(process.env, {
  ...{ IDP_TOKEN_URL: tokenUrl, IDP_CLIENT_ID: 'shop-backend', IDP_CLIENT_SECRET: clientSecret },
})
let programs = 0
/** A JWT by the page's program, which keeps none of an earlier call. */
async function freshJwt(): Promise<string> {
  const { callerJwt } = await import(`${pathToFileURL(program)}?${programs++}`)
  return callerJwt()
}

const issue = (jwt: string) =>
  service.issue({ userId: 'customer-8714' }, { headers: { authorization: `Bearer ${jwt}` } })

async function gets(t: Test, jwt: string): Promise<void> {
  const answer = await issue(jwt)
  t.equal(answer.status, 200)
  const { token } = (await answer.json()) as { token: string }
  t.equal((await acceptedClaims(token, service))['https://iadvize.com/userId'], 'customer-8714')
}

t.test('the page names the version that is tried here', async (t) => {
  const page = await readFile('docs/caller-jwt.md', 'utf8')
  t.ok(page.includes(`Keycloak ${keycloakVersion}`))
})

t.test('issuer and key set are where the page says', async (t) => {
  const answer = await fetch(`${issuer}/.well-known/openid-configuration`)
  t.match(await answer.json(), { issuer, jwks_uri: jwksUrl, token_endpoint: tokenUrl })
})

t.test('a JWT of client credentials gets a token', async (t) => {
  const jwt = await freshJwt()
  t.match(decodeProtectedHeader(jwt), { alg: 'RS256', typ: 'JWT', kid: String })
  const claims = decodeJwt(jwt)
  t.match(claims, { iss: issuer, aud: 'padlock', scope: 'issue:default', azp: 'shop-backend' })
  const names = [
    'aud',
    'azp',
    'clientAddress',
    'clientHost',
    'client_id',
    'exp',
    'iat',
    'iss',
    'jti',
    'scope',
    'sub',
    'typ',
  ]
  t.strictSame(Object.keys(claims).sort(), names)
  t.equal(Number(claims.exp) - Number(claims.iat), 300)
  await gets(t, jwt)
})

t.test("a client with the realm's default scopes is refused until it has the scope too", async (t) => {
  // As the admin console makes one.
  const client = { clientId: 'console-backend', secret: 's3cret', serviceAccountsEnabled: true }
  await keycloak.admin('POST', 'shop/clients', client)
  const [{ id }] = await keycloak.admin('GET', 'shop/clients?clientId=console-backend')
  const jwtFor = async (scope: Record<string, string>): Promise<string> => {
    const answer = await fetch(tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('console-backend:s3cret')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...scope }),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }
  const without = await jwtFor({})
  t.equal(decodeJwt(without).aud, 'account')
  t.equal((await issue(without)).status, 401)
  await service.logged({ callerFault: 'audience' })

  const scopes = await keycloak.admin('GET', 'shop/client-scopes')
  const scope = scopes.find(({ name }: { name: string }) => name === 'issue:default')
  await keycloak.admin('PUT', `shop/clients/${id}/optional-client-scopes/${scope.id}`)
  const jwt = await jwtFor({ scope: 'issue:default' })
  const claims = decodeJwt(jwt)
  t.strictSame(claims.aud, ['padlock', 'account'])
  t.match(claims.scope, / issue:default|issue:default /, 'among others')
  const account = await keycloak.admin('GET', `shop/clients/${id}/service-account-user`)
  t.equal(claims.sub, account.id)
  await gets(t, jwt)
})

t.test("the realm's key is changed: JWTs of both keys get tokens", async (t) => {
  const before = await freshJwt()
  const { id } = await keycloak.admin('GET', 'shop')
  await keycloak.admin('POST', 'shop/components', {
    ...{ name: 'next', providerId: 'rsa-generated', providerType: 'org.keycloak.keys.KeyProvider' },
    ...{ parentId: id, config: { priority: ['200'] } },
  })
  const after = await freshJwt()
  t.not(decodeProtectedHeader(after).kid, decodeProtectedHeader(before).kid)
  await gets(t, after)
  await gets(t, before)
})

t.test("the key set's key for encryption is passed over", async (t) => {
  const line = await service.logged({ msg: "some keys of the callers' key set are not used" })
  t.match(line, { unusable: { not_for_signatures: 1 }, usable: 1 })
})
