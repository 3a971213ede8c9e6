import { PadlockError } from '../../errors.ts'
import { FileWatch } from '../../files/file-watch.ts'
import type { Log } from '../../log.ts'
import type { VaultClient } from '../client/client.ts'
import type { Login, VaultToken } from '../login/login.ts'
import { CredentialExpiry, type ExpiryWarning } from './credential-expiry.ts'
import { LoginAttempts } from './login-attempts.ts'
import { TokenDenials } from './token-denials.ts'
import { TokenRenewal } from './token-renewal.ts'
import { TokenRevocation } from './token-revocation.ts'

/** What readiness and metrics say of the session. Times in seconds. */
export interface SessionState {
  loggedIn: boolean
  method: string
  /** until the token ends without renewal: Infinity for never, undefined while there is none, or it is not known */
  tokenTtlSeconds: number | undefined
  /** until the secret_id ends: Infinity for never, undefined for another login */
  secretIdTtlSeconds: number | undefined
  /** what runs out soon and must be replaced by somebody */
  warnings: readonly ExpiryWarning[]
  /** code of the last login that failed, until one succeeds */
  lastError: string | undefined
}

/** Events of the session, for the metrics. */
export interface SessionObserver {
  /** a login has ended: `ok`, or the code of what went wrong */
  login(result: string): void
}

/**
 * One login to Vault for the whole process: renewed before it ends, replaced when renewal ends, when a call is
 * denied or when a file with credentials changes, once for all the calls that wait for it, and revoked at the end.
 */
export class VaultSession {
  readonly #login: Login
  readonly #log: Log
  readonly #attempts: LoginAttempts
  readonly #denials: TokenDenials
  readonly #renewal: TokenRenewal
  readonly #revocation: TokenRevocation
  readonly #expiry: CredentialExpiry
  readonly #files: FileWatch
  readonly #started = Promise.withResolvers<void>()
  #current: VaultToken | undefined

  constructor(client: VaultClient, login: Login, log: Log, observer?: SessionObserver) {
    this.#login = login
    this.#log = log
    this.#files = new FileWatch(login.files ?? [], () => this.#filesChanged())
    this.#attempts = new LoginAttempts({
      ...{ login, log },
      adopt: (token) => this.#adopt(token),
      hasToken: () => this.#hasToken(),
      begins: () => this.#files.read(),
      ended: (result) => observer?.login(result),
    })
    this.#denials = new TokenDenials(client, log)
    this.#renewal = new TokenRenewal(client, log, {
      renewed: (ttlSeconds) => this.#expiry.renewed(ttlSeconds),
      ending: (ttlSeconds) => {
        this.#expiry.ending(ttlSeconds)
        this.#attempts.request().catch(() => {})
      },
    })
    this.#revocation = new TokenRevocation(client, log)
    this.#expiry = new CredentialExpiry(login, log)
  }

  /**
   * Calls Vault with the session's token. A call that is denied is made once more after a new login.
   *
   * @throws what `call` throws, or PadlockError with the code of what keeps the session from logging in
   */
  async use<T>(call: (token: string | undefined) => Promise<T>): Promise<T> {
    const used = this.#current ?? (await this.#logIn())
    try {
      const answer = await call(used.token)
      this.#expiry.served(used)
      return answer
    } catch (error) {
      if (!(error instanceof PadlockError) || error.code !== 'vault_denied') {
        throw error
      }
      const next = await this.#replacementOf(used)
      if (next === undefined) {
        throw error
      }
      return call(next.token)
    }
  }

  /** Logs in, again and again with growing pauses, until it is done or the session is stopped. */
  async start(): Promise<void> {
    this.#files.start()
    if (this.#current !== undefined) {
      return
    }
    this.#attempts.request().catch(() => {})
    await this.#started.promise
  }

  state(): SessionState {
    return {
      loggedIn: this.#hasToken(),
      method: this.#login.method,
      tokenTtlSeconds: this.#expiry.tokenTtlSeconds,
      secretIdTtlSeconds: this.#expiry.secretIdTtlSeconds,
      warnings: this.#expiry.warnings,
      lastError: this.#attempts.failure?.code,
    }
  }

  /** Ends renewal and revokes the tokens that this session's logins made. Never throws. */
  async stop(): Promise<void> {
    this.#files.stop()
    this.#attempts.stop()
    this.#renewal.stop()
    this.#expiry.stop()
    const token = this.#current
    this.#current = undefined
    this.#started.resolve()
    if (this.#login.ownsToken) {
      await this.#revocation.finish(token)
    }
  }

  /** Whether there is a token whose time is not over. */
  #hasToken(): boolean {
    return this.#current !== undefined && this.#expiry.tokenTtlSeconds !== 0
  }

  /** The failure of a login says what an operator has to do; a caller gets no more than its code. */
  async #logIn(): Promise<VaultToken> {
    try {
      return await this.#attempts.request()
    } catch (cause) {
      throw new PadlockError(cause instanceof PadlockError ? cause.code : 'internal_error', { cause })
    }
  }

  /** The token to use in place of one that was denied; undefined where no other would do better. */
  async #replacementOf(used: VaultToken): Promise<VaultToken | undefined> {
    // Another call may have logged in since.
    if (this.#current !== undefined && this.#current !== used) {
      return this.#current
    }
    if (this.#attempts.pending === undefined) {
      const verdict = await this.#denials.examine(used)
      if (this.#current !== undefined && this.#current !== used) {
        return this.#current
      }
      if (verdict === 'keep') {
        return undefined
      }
      if (verdict === 'unknown') {
        this.#expiry.denied()
      }
      if (verdict === 'dead') {
        this.#current = undefined
        this.#expiry.ended()
      }
    }
    return this.#logIn()
  }

  #adopt(token: VaultToken): void {
    const before = this.#current
    if (before !== undefined && this.#login.ownsToken) {
      this.#revocation.later(before)
    }
    this.#current = token
    this.#denials.began()
    this.#expiry.began(token)
    this.#renewal.watch(token)
    this.#started.resolve()
    if (before?.token === token.token && before !== undefined) {
      return
    }
    this.#log.info({ method: this.#login.method, ttlSeconds: token.ttlSeconds }, 'logged in to Vault')
  }

  #filesChanged(): void {
    this.#log.info({ method: this.#login.method }, 'a file with credentials has changed: logging in with it')
    this.#attempts.request(true).catch(() => {})
  }
}
