import type { Config } from '../../config/schema.ts'
import { PadlockError } from '../../errors.ts'
import type { VaultClient } from '../client/client.ts'
import { credential } from './credential.ts'
import { type Login, weekInSeconds } from './login.ts'
import { isRefusal, lookedUpToken } from './login-answer.ts'

/**
 * A token that somebody else made, from a variable or a file. It is renewed while Vault lets it, and never
 * revoked. Its life is asked of Vault, which is what stands for a login here.
 */
export function tokenLogin(client: VaultClient, config: Config): Login {
  const file = config.VAULT_TOKEN_FILE
  return {
    method: 'token',
    ownsToken: false,
    files: file === undefined ? [] : [file],
    // The writer of a file, such as an agent, replaces a short-lived token shortly before its end.
    warnBelowSeconds: ({ fullTtlSeconds = 0 }) =>
      file === undefined ? weekInSeconds : Math.min(weekInSeconds, fullTtlSeconds / 10),
    async login(options) {
      const token = await credential('VAULT_TOKEN_FILE', config.VAULT_TOKEN, file)
      // Such a header would not leave this process, and the error would repeat it.
      if (!/^[\x21-\x7e]+$/.test(token)) {
        throw new PadlockError('vault_denied', { detail: 'The token holds characters that no token has.' })
      }
      try {
        return lookedUpToken(token, await client.read('auth/token/lookup-self', { ...options, token }))
      } catch (error) {
        if (!isRefusal(error)) {
          throw error
        }
        const detail =
          'Vault does not take the token: it has run out, was revoked, or may not look itself up.'
        throw new PadlockError('vault_denied', { detail })
      }
    },
  }
}
