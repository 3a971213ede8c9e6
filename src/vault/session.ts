import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { PadlockError } from '../errors.ts'
import type { VaultClient } from './client.ts'
import type { Login, VaultToken } from './login.ts'

const firstPauseMs = 250
const longestPauseMs = 5_000
/** A token is renewed when about so much of its life is gone. */
const renewAfter = 2 / 3
const loginTimeoutMs = 5_000
/** A denial this soon after a login is the policy's, and another login would not mend it. */
const loginPauseMs = 1_000

const weekInSeconds = 7 * 86_400
const secretIdCheckMs = 3_600_000

/** What readiness says of the session. */
export interface SessionState {
  loggedIn: boolean
  /** seconds until the token expires; undefined while there is none or when it never does */
  tokenTtlSeconds: number | undefined
  /** seconds until the secret_id expires; undefined for another login, or when it never does */
  secretIdTtlSeconds: number | undefined
  /** code of the last login or renewal that failed, until one succeeds */
  lastError: string | undefined
}

/**
 * One login to Vault for the whole process: renewed before it ends, made anew when renewal is refused or a
 * call is denied, once for all the calls that wait for it, and revoked at the end.
 */
export class VaultSession {
  readonly #client: VaultClient
  readonly #login: Login
  readonly #log: FastifyBaseLogger
  readonly #stop = new AbortController()
  #current: VaultToken | undefined
  #loggedInAt = 0
  #expiresAt: number | undefined
  #secretIdExpiresAt: number | undefined
  #pending: Promise<VaultToken> | undefined
  #renewal: NodeJS.Timeout | undefined
  #secretIdCheck: NodeJS.Timeout | undefined
  #lastError: string | undefined

  constructor(client: VaultClient, login: Login, log: FastifyBaseLogger) {
    this.#client = client
    this.#login = login
    this.#log = log
  }

  /**
   * Calls Vault with the session's token. A call that is denied is made once more after a new login.
   *
   * @throws what `call` throws, or the login's VaultError
   */
  async use<T>(call: (token: string) => Promise<T>): Promise<T> {
    const used = this.#current ?? (await this.#logIn())
    try {
      return await call(used.token)
    } catch (error) {
      if (!(error instanceof PadlockError) || error.code !== 'vault_denied') throw error
      // Another call may have logged in since: then its token is the one to try.
      const replaced = this.#current !== undefined && this.#current !== used
      if (!replaced && performance.now() - this.#loggedInAt < loginPauseMs) throw error
      const next = replaced ? (this.#current as VaultToken) : await this.#logIn()
      return call(next.token)
    }
  }

  /** Logs in, again and again with growing pauses, until it is done or the session is stopped. */
  async start(): Promise<void> {
    let pauseMs = firstPauseMs
    while (!this.#stop.signal.aborted) {
      try {
        await this.#logIn()
        return
      } catch (error) {
        const { code, message } = error as PadlockError
        this.#log.warn({ code, pauseMs }, `cannot log in to Vault, will try again: ${message}`)
        await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal: this.#stop.signal }).catch(
          () => {},
        )
        pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      }
    }
  }

  state(): SessionState {
    const secondsTo = (time: number | undefined) =>
      time === undefined ? undefined : Math.max(0, Math.round((time - Date.now()) / 1000))
    return {
      loggedIn: this.#current !== undefined,
      tokenTtlSeconds: secondsTo(this.#expiresAt),
      secretIdTtlSeconds: secondsTo(this.#secretIdExpiresAt),
      lastError: this.#lastError,
    }
  }

  /** Ends renewal and revokes the token, if this session's login made it. Never throws. */
  async stop(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#renewal)
    clearTimeout(this.#secretIdCheck)
    const token = this.#current?.token
    this.#current = undefined
    if (token === undefined || !this.#login.ownsToken) return
    try {
      await this.#client.write('auth/token/revoke-self', {}, { token, timeoutMs: 1_000 })
    } catch (error) {
      this.#log.warn(
        { code: (error as PadlockError).code },
        'the Vault token could not be revoked; it will expire',
      )
    }
  }

  /** One login at a time: whoever needs one waits for the same. */
  #logIn(): Promise<VaultToken> {
    this.#pending ??= this.#login
      .login({ timeoutMs: loginTimeoutMs, signal: this.#stop.signal })
      .then((token) => {
        this.#adopt(token)
        this.#loggedInAt = performance.now()
        this.#log.info({ method: this.#login.method, ttlSeconds: token.ttlSeconds }, 'logged in to Vault')
        void this.#checkSecretId()
        return token
      })
      .catch((error: unknown) => {
        this.#lastError = (error as PadlockError).code
        throw error
      })
      .finally(() => {
        this.#pending = undefined
      })
    return this.#pending
  }

  /** Looks how long the secret_id still lives, now and every hour, so that nobody is surprised by its end. */
  async #checkSecretId(): Promise<void> {
    clearTimeout(this.#secretIdCheck)
    const token = this.#current
    if (token === undefined || this.#login.secretIdTtlSeconds === undefined) return
    try {
      const ttlSeconds = await this.#login.secretIdTtlSeconds(token)
      this.#secretIdExpiresAt = ttlSeconds === undefined ? undefined : Date.now() + ttlSeconds * 1000
      const soon = ttlSeconds !== undefined && ttlSeconds < weekInSeconds
      const message = soon ? 'the secret_id expires within a week: make a new one' : 'life of the secret_id'
      this.#log[soon ? 'warn' : 'info']({ secretIdTtlSeconds: ttlSeconds ?? 'unlimited' }, message)
    } catch (error) {
      this.#log.warn({ code: (error as PadlockError).code }, 'cannot tell how long the secret_id still lives')
    }
    if (this.#stop.signal.aborted) return
    this.#secretIdCheck = setTimeout(() => void this.#checkSecretId(), secretIdCheckMs).unref()
  }

  #adopt(token: VaultToken): void {
    this.#current = token
    this.#lastError = undefined
    this.#expiresAt = token.ttlSeconds > 0 ? Date.now() + token.ttlSeconds * 1000 : undefined
    this.#renewIn(token.ttlSeconds * 1000 * renewAfter * (0.9 + Math.random() / 10))
  }

  #renewIn(delayMs: number): void {
    clearTimeout(this.#renewal)
    if (this.#expiresAt === undefined || this.#stop.signal.aborted) return
    // Node's timers count to 2^31 - 1 milliseconds.
    this.#renewal = setTimeout(() => void this.#renew(), Math.min(delayMs, 2_147_483_647))
    this.#renewal.unref()
  }

  async #renew(): Promise<void> {
    const token = this.#current
    if (token === undefined) return
    try {
      if (token.renewable) {
        const answer = await this.#client.write('auth/token/renew-self', {}, { token: token.token })
        const ttlSeconds = (answer as { auth?: { lease_duration?: unknown } } | undefined)?.auth
          ?.lease_duration
        // At its max TTL a token is renewed for less and less: a new login serves better.
        if (typeof ttlSeconds === 'number' && ttlSeconds >= token.ttlSeconds / 2) {
          this.#adopt({ ...token, ttlSeconds })
          return
        }
      }
      await this.#logIn()
    } catch (error) {
      this.#lastError = (error as PadlockError).code
      this.#log.warn({ code: this.#lastError }, 'the Vault token could not be renewed, will try again')
      if (this.#lastError === 'vault_denied') await this.#logIn().catch(() => {})
      if (this.#lastError !== undefined) this.#renewIn(firstPauseMs + Math.random() * longestPauseMs)
    }
  }
}
