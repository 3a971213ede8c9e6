import type { VaultCallOptions } from '../client/client.ts'

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

/** Seconds before its end from which a credential that nothing replaces is warned of. */
export const weekInSeconds = 7 * 86_400

/** One way to log in to Vault. */
export interface Login {
  readonly method: string
  /** true when a stop should revoke the token, since this process asked for it */
  readonly ownsToken: boolean
  /** files with credentials whose change calls for a new login */
  readonly files?: readonly string[]
  /** a token that ends for good, since no login gives another: warned of when this many seconds are left */
  warnBelowSeconds?(token: VaultToken): number
  /** @throws VaultError, or PadlockError `vault_denied` when Vault refuses it, `vault_unavailable` when a file cannot be used */
  login(options: VaultCallOptions): Promise<VaultToken>
  /**
   * How long the secret_id still lives, in seconds: Infinity without an end, 0 where Vault does not take it any more.
   *
   * @throws VaultError
   */
  secretIdTtl?(token: VaultToken): Promise<number>
}

/** Where a login reports a credential that it cannot use while another one still works. */
export interface LoginLog {
  error(message: string): void
}
