import type { Config } from '../../config/schema.ts'
import type { VaultClient } from '../client/client.ts'
import { agentLogin } from './agent.ts'
import { AppRoleLogin } from './approle.ts'
import { certLogin } from './cert.ts'
import { jwtLogin } from './jwt.ts'
import type { Login, LoginLog } from './login.ts'
import { tokenLogin } from './token.ts'

/** The login that the configuration asks for. */
export function createLogin(client: VaultClient, config: Config, log: LoginLog): Login {
  switch (config.PADLOCK_VAULT_AUTH) {
    case 'token':
      return tokenLogin(client, config)
    case 'jwt':
    case 'kubernetes':
      return jwtLogin(client, config)
    case 'cert':
      return certLogin(client, config)
    case 'none':
      return agentLogin(client)
    default:
      return new AppRoleLogin(client, config, log)
  }
}
