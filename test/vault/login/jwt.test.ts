import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { signerPolicy } from '../../support/app-role.ts'
import { audience, issuer, testIssuer } from '../../support/callers.ts'
import { testLogin } from '../../support/login.ts'
import { testVault } from '../../support/vault.ts'

const vault = await testVault(t)
const cluster = testIssuer()
await signerPolicy(vault, 'padlock')
// The build of Vault for tests has no kubernetes method: its jwt method takes the same two fields at that path.
for (const mount of ['jwt', 'kubernetes']) {
  await vault.api('POST', `sys/auth/${mount}`, { type: 'jwt' })
  await vault.api('POST', `auth/${mount}/config`, {
    jwt_validation_pubkeys: [cluster.publicKeyPem],
    bound_issuer: issuer,
  })
  await vault.api('POST', `auth/${mount}/role/padlock`, {
    role_type: 'jwt',
    user_claim: 'sub',
    bound_audiences: [audience],
    token_policies: ['signer-padlock'],
    token_ttl: '20m',
  })
}

for (const method of ['jwt', 'kubernetes']) {
  t.test(`${method}: the file is read at each login`, async (t) => {
    const file = join(vault.dir, `${method}-token`)
    const env = {
      VAULT_ADDR: vault.address,
      PADLOCK_VAULT_AUTH: method,
      PADLOCK_VAULT_ROLE: 'padlock',
      PADLOCK_VAULT_JWT_FILE: file,
    }
    const { login } = testLogin(t, env)
    await t.rejects(login.login({}), {
      code: 'vault_unavailable',
      message: /PADLOCK_VAULT_JWT_FILE .*ENOENT/,
    })
    const now = Math.floor(Date.now() / 1000)
    await writeFile(file, await cluster.token({ iat: now - 7200, exp: now - 3600 }))
    const refused = { code: 'vault_denied', message: /auth\/\w+ \(400\): the JWT has run out/ }
    await t.rejects(login.login({}), refused, 'one that has run out')
    await writeFile(file, `${await cluster.token()}\n`)
    const token = await login.login({})
    t.match(token, { ttlSeconds: 1200, renewable: true })
    const self = await vault.api('GET', 'auth/token/lookup-self', undefined, token.token)
    t.match(self.body.data, { path: `auth/${method}/login`, policies: ['default', 'signer-padlock'] })
    const elsewhere = testLogin(t, { ...env, PADLOCK_VAULT_ROLE: 'unknown' })
    await t.rejects(elsewhere.login.login({}), refused)
  })
}

t.test("kubernetes without a file takes the pod's own", async (t) => {
  const env = { VAULT_ADDR: vault.address, PADLOCK_VAULT_AUTH: 'kubernetes', PADLOCK_VAULT_ROLE: 'padlock' }
  // There is none on this machine: the name of the variable is what can be seen.
  await t.rejects(testLogin(t, env).login.login({}), {
    code: 'vault_unavailable',
    message: /PADLOCK_VAULT_JWT_FILE/,
  })
})
