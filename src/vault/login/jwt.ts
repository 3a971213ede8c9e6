import type { Config } from '../../config/schema.ts'
import type { VaultClient } from '../client/client.ts'
import { credential } from './credential.ts'
import type { Login } from './login.ts'
import { loginError, tokenOf } from './login-answer.ts'

/** Where Kubernetes puts a pod's service-account token. */
export const serviceAccountFile = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/**
 * Logs in with a JWT from a file, at Vault's `jwt` or `kubernetes` method: both take the same two fields. The file
 * is read at each login, since its issuer replaces it before it expires.
 */
export function jwtLogin(client: VaultClient, config: Config): Login {
  const method = config.PADLOCK_VAULT_AUTH
  const mount = config.PADLOCK_VAULT_AUTH_MOUNT ?? method
  const file = config.PADLOCK_VAULT_JWT_FILE ?? (method === 'kubernetes' ? serviceAccountFile : undefined)
  return {
    method,
    ownsToken: true,
    async login(options) {
      const jwt = await credential('PADLOCK_VAULT_JWT_FILE', undefined, file)
      const data = { role: config.PADLOCK_VAULT_ROLE, jwt }
      try {
        return tokenOf(await client.write(`auth/${mount}/login`, data, options))
      } catch (error) {
        const why = 'the JWT has run out or does not fit the role, or there is no such role or method.'
        throw loginError(error, mount, why)
      }
    },
  }
}
