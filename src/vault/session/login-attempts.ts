import type { PadlockError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { backoffMs } from '../../timing/backoff.ts'
import { VaultError } from '../client/vault-error.ts'
import type { Login, VaultToken } from '../login/login.ts'

const timeoutMs = 5_000
const firstPauseMs = 250
/** Short, so that a cause that is gone is noticed soon: Padlock cannot sign meanwhile. */
const longestPauseMs = 2_000
/** While the old token still serves, there is time. */
const longestPauseWithTokenMs = 30_000
/** The same failure is logged so often. */
const reportMs = 60_000

/** What the attempts need of the session they log in for. */
export interface LoginAttemptsDeps {
  login: Login
  log: Log
  /** takes the new token into use */
  adopt(token: VaultToken): void
  /** whether there is a token that may still be good */
  hasToken(): boolean
  /** called before each attempt */
  begins(): void
  /** called after each attempt: `ok`, or the code of what went wrong */
  ended?(result: string): void
}

/**
 * Logs in, one attempt at a time for all who wait for it. After a failure it tries again by itself, with growing
 * pauses, until it is done; who asks during a pause gets the failure at once.
 */
export class LoginAttempts {
  readonly #deps: LoginAttemptsDeps
  readonly #stop = new AbortController()
  #pending: Promise<VaultToken> | undefined
  #failure: PadlockError | undefined
  #failures = 0
  #retry: NodeJS.Timeout | undefined
  #reported = { message: '', at: 0 }

  constructor(deps: LoginAttemptsDeps) {
    this.#deps = deps
  }

  /** What the last attempt failed with, until one succeeds. */
  get failure(): PadlockError | undefined {
    return this.#failure
  }

  /** The attempt that is under way, if any. */
  get pending(): Promise<VaultToken> | undefined {
    return this.#pending
  }

  /**
   * The token of the attempt that is under way, or of a new one.
   *
   * @param atOnce makes an attempt even in the pause after a failure: something has changed
   * @throws PadlockError, as Login.login does
   */
  async request(atOnce = false): Promise<VaultToken> {
    if (this.#pending !== undefined) {
      return this.#pending
    }
    if (this.#retry !== undefined && !atOnce) {
      throw this.#failure
    }
    clearTimeout(this.#retry)
    this.#retry = undefined
    this.#pending = this.#attempt().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  stop(): void {
    this.#stop.abort()
    clearTimeout(this.#retry)
  }

  async #attempt(): Promise<VaultToken> {
    const { login, adopt, begins, ended } = this.#deps
    begins()
    try {
      const token = await login.login({ timeoutMs, signal: this.#stop.signal })
      this.#stop.signal.throwIfAborted()
      this.#failure = undefined
      this.#failures = 0
      this.#reported.message = ''
      ended?.('ok')
      adopt(token)
      return token
    } catch (error) {
      this.#failure = error as PadlockError
      this.#failures += 1
      if (!this.#stop.signal.aborted) {
        ended?.(this.#failure.code)
        this.#tryAgain()
      }
      throw error
    }
  }

  #tryAgain(): void {
    const longestMs = this.#deps.hasToken() ? longestPauseWithTokenMs : longestPauseMs
    const pauseMs = Math.round(backoffMs(this.#failures, firstPauseMs, longestMs))
    this.#report(pauseMs)
    this.#retry = setTimeout(() => {
      this.request(true).catch(() => {})
    }, pauseMs)
  }

  /** Each failure once, and again every minute while it lasts. */
  #report(pauseMs: number): void {
    const { code, message } = this.#failure as PadlockError
    const now = performance.now()
    if (message === this.#reported.message && now - this.#reported.at < reportMs) {
      return
    }
    this.#reported = { message, at: now }
    // What Vault did not say itself, such as a file that is gone, does not pass by waiting.
    const level = code === 'vault_denied' || !(this.#failure instanceof VaultError) ? 'error' : 'warn'
    this.#deps.log[level]({ code, pauseMs }, `cannot log in to Vault, will try again: ${message}`)
  }
}
