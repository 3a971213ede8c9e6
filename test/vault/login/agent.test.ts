import { request } from 'node:http'
import t from 'tap'
import { testLogin } from '../../support/login.ts'
import { standIn } from '../../support/stand-in.ts'
import { testVault } from '../../support/vault.ts'

const vault = await testVault(t)
const { body } = await vault.api('POST', 'auth/token/create', { ttl: '30m' })
let added: string | undefined = body.auth.client_token

// As a Vault Agent or Proxy with `use_auto_auth_token`: adds its token where a call brings none.
const agent = await standIn(t, (incoming, answer) => {
  const { headers, method, url } = incoming
  const token = headers['x-vault-token'] ?? added
  const out = request(
    vault.address + url,
    { method, headers: { ...headers, ...(token === undefined ? {} : { 'x-vault-token': token }) } },
    (response) => {
      answer.writeHead(response.statusCode as number, response.headers)
      response.pipe(answer)
    },
  )
  incoming.pipe(out)
})

t.test('sends no token, and asks how long the one of the agent lives', async (t) => {
  const { client, login } = testLogin(t, { VAULT_ADDR: agent.url, PADLOCK_VAULT_AUTH: 'none' })
  const found = await login.login({})
  t.match(found, { token: undefined, renewable: false })
  t.ok(found.ttlSeconds > 1790 && found.ttlSeconds <= 1800)
  t.equal(login.ownsToken, false)
  t.match(await client.write('sys/capabilities-self', { paths: ['sys/x'] }, { token: found.token }), {
    data: {},
  })
  for (const { headers } of agent.requests) {
    t.notOk('x-vault-token' in headers, 'no such header at all')
  }
  t.equal(agent.requests.length, 2)
})

t.test('an agent without a token, or with one that Vault does not take', async (t) => {
  const { login } = testLogin(t, { VAULT_ADDR: agent.url, PADLOCK_VAULT_AUTH: 'none' })
  for (const token of [undefined, 'hvs.unknown']) {
    added = token
    await t.rejects(login.login({}), { code: 'vault_denied', message: /use_auto_auth_token/ })
  }
})
