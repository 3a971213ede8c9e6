import { PadlockError } from '../../errors.ts'
import { VaultError } from '../client/vault-error.ts'
import type { VaultToken } from './login.ts'

/** True for an answer that asking again does not change: a 4xx, but for 429. */
export const isRefusal = (error: unknown): error is VaultError =>
  error instanceof VaultError && (error.code === 'vault_denied' || error.code === 'internal_error')

/**
 * Vault's refusal of a login as `vault_denied` with a sentence of ours; any other error as it is.
 *
 * @param why what is most likely wrong, to end the sentence
 */
export function loginError(error: unknown, mount: string, why: string): unknown {
  if (!isRefusal(error)) {
    return error
  }
  const detail = `Vault refused the login at auth/${mount} (${error.vaultStatus}): ${why}`
  return new PadlockError('vault_denied', { detail })
}

/**
 * The token in the answer to a login (Vault API, "auth" of `auth/<mount>/login`).
 *
 * @throws PadlockError `vault_denied` when there is none, as when Vault asks for a second factor
 */
export function tokenOf(answer: unknown): VaultToken {
  const auth = (answer as { auth?: Record<string, unknown> } | undefined)?.auth
  const { client_token: token, lease_duration: ttlSeconds, renewable, metadata, token_type } = auth ?? {}
  if (typeof token !== 'string' || token === '' || typeof ttlSeconds !== 'number') {
    throw new PadlockError('vault_denied', { detail: "Vault's answer to the login holds no token." })
  }
  const { role_name: roleName } = (metadata ?? {}) as Record<string, unknown>
  return {
    token,
    ttlSeconds,
    renewable: renewable === true,
    batch: token_type === 'batch',
    ...(typeof roleName === 'string' ? { roleName } : {}),
  }
}

/** What `auth/token/lookup-self` says of the token that the call was made with. */
export function lookedUpToken(token: string | undefined, answer: unknown): VaultToken {
  const data = (answer as { data?: Record<string, unknown> } | undefined)?.data
  const { ttl, renewable, period, creation_ttl, creation_time, explicit_max_ttl, expire_time } = data ?? {}
  if (typeof ttl !== 'number') {
    throw new PadlockError('vault_denied', { detail: "Vault's answer says nothing of the token." })
  }
  const whole = Number(period) || Number(creation_ttl) || ttl
  const longest = Number(explicit_max_ttl) || 0
  // Vault's own time of this answer: how old the token is does not depend on this machine's clock.
  const now = Date.parse(String(expire_time)) / 1000 - ttl
  return {
    token,
    ttlSeconds: ttl,
    renewable: renewable === true,
    fullTtlSeconds: whole,
    ...(longest > 0 && Number.isFinite(now)
      ? { longestTtlSeconds: Math.max(0, Number(creation_time) + longest - now) }
      : {}),
  }
}
