import { PadlockError } from '../../errors.ts'
import type { VaultClient } from '../client/client.ts'
import type { Login } from './login.ts'
import { isRefusal, lookedUpToken } from './login-answer.ts'

/**
 * No login: a Vault Agent or Vault Proxy at VAULT_ADDR adds its own token to each call, renews it and replaces it.
 * Padlock sends no token, and only asks how long the agent's still lives.
 */
export function agentLogin(client: VaultClient): Login {
  return {
    method: 'none',
    ownsToken: false,
    async login(options) {
      try {
        const found = lookedUpToken(undefined, await client.read('auth/token/lookup-self', options))
        return { ...found, renewable: false }
      } catch (error) {
        if (!isRefusal(error)) {
          throw error
        }
        const detail =
          'Vault does not take the token that the agent adds, or the agent adds none (use_auto_auth_token).'
        throw new PadlockError('vault_denied', { detail })
      }
    },
  }
}
