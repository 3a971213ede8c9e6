import type { Test } from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { createVaultClient, type VaultClient } from '../../src/vault/client/client.ts'
import { createLogin } from '../../src/vault/login/create-login.ts'
import type { Login } from '../../src/vault/login/login.ts'

/** A login of the given variables, its client, and the errors that it logged. */
export interface TestLogin {
  client: VaultClient
  login: Login
  errors: string[]
}

/** Makes the login that `padlock serve` would make of these variables. */
export function testLogin(t: Pick<Test, 'teardown'>, env: Record<string, string>): TestLogin {
  const config = loadConfig({
    PADLOCK_CALLER_JWKS_URL: 'https://issuer.test/keys',
    PADLOCK_CALLER_ISSUER: 'https://issuer.test',
    PADLOCK_CALLER_AUDIENCE: 'padlock',
    ...env,
  })
  const client = createVaultClient({
    address: config.VAULT_ADDR,
    caFile: config.VAULT_CACERT,
    certFile: config.VAULT_CLIENT_CERT,
    keyFile: config.VAULT_CLIENT_KEY,
  })
  t.teardown(() => client.close())
  const errors: string[] = []
  return { client, errors, login: createLogin(client, config, { error: (message) => errors.push(message) }) }
}
