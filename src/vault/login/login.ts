import type { Config } from '../config.ts'
import type { VaultCallOptions, VaultClient } from './client.ts'
import { agentLogin } from './login/agent.ts'
import { appRoleLogin } from './login/approle.ts'
import { certLogin } from './login/cert.ts'
import { jwtLogin } from './login/jwt.ts'
import { tokenLogin } from './login/token.ts'

/** What a login gave: a token and what may be known of it. Times in seconds. */
export interface VaultToken {
  /** undefined where an agent adds it to each call */
  token: string | undefined
  /** how long it lives from now without renewal; 0 for one that never expires */
  ttlSeconds: number
  renewable: boolean
  /** how long it lives after a renewal, until it nears its max TTL; without it, as long as now */
  fullTtlSeconds?: number
  /** how long it lives from now at the most, however often it is renewed; where that is known */
  longestTtlSeconds?: number
  /** a batch token, which Vault can neither renew nor revoke */
  batch?: boolean
  /** name of the AppRole role that was logged in to */
  roleName?: string
}

/** How long a secret_id still lives, in seconds: Infinity for ever, 0 where Vault does not take it any more. */
export type SecretIdTtl = number

/** One way to log in to Vault. */
export interface Login {
  readonly method: string
  /** true when a stop should revoke the token, since this process asked for it */
  readonly ownsToken: boolean
  /** files with credentials whose change calls for a new login */
  readonly files?: readonly string[]
  /** a token that ends for good, since no login gives another: told of when so many seconds are left */
  warnBelowSeconds?(token: VaultToken): number
  /** @throws VaultError, or PadlockError `vault_denied` when Vault refuses it or a file cannot be read */
  login(options: VaultCallOptions): Promise<VaultToken>
  /** @throws VaultError */
  secretIdTtl?(token: VaultToken): Promise<SecretIdTtl>
}

/** Where a login tells of a credential that it cannot use while another one still serves. */
export interface LoginLog {
  error(message: string): void
}

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
      return appRoleLogin(client, config, log)
  }
}
