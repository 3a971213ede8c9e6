import type { Config } from '../../config/schema.ts'
import type { VaultClient } from '../client/client.ts'
import type { Login } from './login.ts'
import { loginError, tokenOf } from './login-answer.ts'

/** Logs in with the TLS client certificate of the connection (Vault API, "TLS certificate auth method"). */
export function certLogin(client: VaultClient, config: Config): Login {
  const mount = config.PADLOCK_VAULT_AUTH_MOUNT ?? 'cert'
  const name = config.PADLOCK_VAULT_ROLE
  return {
    method: 'cert',
    ownsToken: true,
    files: [config.VAULT_CLIENT_CERT, config.VAULT_CLIENT_KEY].filter((file) => file !== undefined),
    async login(options) {
      // A connection that was kept alive has the certificate of the time when it was opened.
      client.reconnect()
      try {
        return tokenOf(await client.write(`auth/${mount}/login`, name === undefined ? {} : { name }, options))
      } catch (error) {
        const why =
          'it does not know the client certificate, or not for this role, or the certificate has run out.'
        throw loginError(error, mount, why)
      }
    },
  }
}
