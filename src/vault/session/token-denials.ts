import type { Log } from '../../log.ts'
import type { VaultClient } from '../client/client.ts'
import type { VaultToken } from '../login/login.ts'
import { isRefusal } from '../login/login-answer.ts'

/** A token that is denied so soon after its login would not be replaced by a better one. */
const youngMs = 1_000
/** How often a good token is replaced because a call was denied: its role may have got another policy. */
const policyLoginMs = 60_000
const timeoutMs = 5_000

/** What a denied call (403) says of its token. */
export type DenialVerdict = 'dead' | 'unknown' | 'replace' | 'keep'

/** Distinguishes a token that has ended from one whose policy does not allow a call. */
export class TokenDenials {
  readonly #client: VaultClient
  readonly #log: Log
  #began = Number.NEGATIVE_INFINITY
  #policyLogin = Number.NEGATIVE_INFINITY
  #pending: Promise<DenialVerdict> | undefined

  constructor(client: VaultClient, log: Log) {
    this.#client = client
    this.#log = log
  }

  /** A new token is in use. */
  began(): void {
    this.#began = performance.now()
  }

  /**
   * Asks Vault about the token, once for all calls that were denied with it: `dead` where it does not take it any
   * more, `unknown` where Vault gives no answer, `replace` where a new login may help, `keep` where it would not.
   */
  examine(token: VaultToken): Promise<DenialVerdict> {
    this.#pending ??= this.#ask(token).finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  async #ask({ token }: VaultToken): Promise<DenialVerdict> {
    if (performance.now() - this.#began < youngMs) {
      return 'keep'
    }
    try {
      await this.#client.read('auth/token/lookup-self', { token, timeoutMs })
    } catch (error) {
      return isRefusal(error) ? 'dead' : 'unknown'
    }
    const now = performance.now()
    if (now - this.#policyLogin < policyLoginMs) {
      return 'keep'
    }
    this.#policyLogin = now
    this.#log.error(
      'Vault denies a call though the token is good: its policy does not allow it. Where it is a signature for a new ' +
        'profile, an administrator runs: padlock setup --policies-only',
    )
    return 'replace'
  }
}
