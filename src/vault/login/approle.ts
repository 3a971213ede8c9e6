import type { Config } from '../../config/schema.ts'
import { PadlockError } from '../../errors.ts'
import { AppRole } from '../admin/app-role.ts'
import { authenticated, type VaultCallOptions, type VaultClient } from '../client/client.ts'
import { VaultError } from '../client/vault-error.ts'
import { credential } from './credential.ts'
import type { Login, LoginLog, VaultToken } from './login.ts'
import { loginError, tokenOf } from './login-answer.ts'
import { RefusedSecretId } from './refused-secret-id.ts'
import { WrappedSecretId } from './wrapped-secret-id.ts'

/** The role that `padlock setup` makes. */
const standardRole = 'padlock'

const lockedOut = 'Vault has locked the role_id after failed logins, or there is no AppRole method there.'

const spent = () =>
  new PadlockError('vault_denied', {
    detail:
      'Vault does not take the secret_id: it is wrong, spent, destroyed or has run out. Deliver a new one: padlock setup --new-secret-id --secret-id-out FILE',
  })

const said = (error: unknown, words: RegExp): boolean =>
  error instanceof VaultError && error.vaultMessages.some((message) => words.test(message))

/** Logs in with a role_id and a secret_id (Vault API, "AppRole auth method"). */
export class AppRoleLogin implements Login {
  readonly method = 'approle'
  readonly ownsToken = true
  readonly files: readonly string[]
  readonly #client: VaultClient
  readonly #config: Config
  readonly #mount: string
  readonly #role: string
  readonly #wrapped: WrappedSecretId | undefined
  readonly #refused = new RefusedSecretId()
  /** the secret_id of the last login */
  #inUse = ''

  constructor(client: VaultClient, config: Config, log: LoginLog) {
    this.#client = client
    this.#config = config
    this.#mount = config.PADLOCK_VAULT_AUTH_MOUNT ?? 'approle'
    this.#role = config.PADLOCK_VAULT_ROLE ?? standardRole
    const wrappedFile = config.PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE
    if (wrappedFile !== undefined) {
      const madeAt = `auth/${this.#mount}/role/${this.#role}/secret-id`
      this.#wrapped = new WrappedSecretId(client, wrappedFile, madeAt, log)
    }
    this.files = [config.PADLOCK_VAULT_ROLE_ID_FILE, config.PADLOCK_VAULT_SECRET_ID_FILE, wrappedFile].filter(
      (file) => file !== undefined,
    )
  }

  async login(options: VaultCallOptions): Promise<VaultToken> {
    const [roleId, secretId] = [await this.#roleId(), await this.#secretId()]
    if (!this.#refused.mayTry(secretId)) {
      if (await this.#roleIsThere(roleId, options)) {
        throw spent()
      }
      this.#refused.forget()
    }
    try {
      const data = { role_id: roleId, secret_id: secretId }
      const token = tokenOf(await this.#client.write(this.#path, data, options))
      this.#refused.forget()
      this.#inUse = secretId
      return token
    } catch (error) {
      throw await this.#failure(error, roleId, secretId, options)
    }
  }

  async secretIdTtl({ token, roleName }: VaultToken): Promise<number> {
    const client = authenticated(this.#client, (call) => call(token))
    const role = new AppRole(client, { mount: this.#mount, name: roleName ?? this.#role })
    const state = await role.secretIds.lookUp(this.#inUse)
    return state === undefined ? 0 : Math.round(state.ttlSeconds)
  }

  get #path(): string {
    return `auth/${this.#mount}/login`
  }

  #roleId(): Promise<string> {
    const { PADLOCK_VAULT_ROLE_ID: value, PADLOCK_VAULT_ROLE_ID_FILE: file } = this.#config
    return credential('PADLOCK_VAULT_ROLE_ID_FILE', value, file)
  }

  #secretId(): Promise<string> {
    const { PADLOCK_VAULT_SECRET_ID: value, PADLOCK_VAULT_SECRET_ID_FILE: file } = this.#config
    return this.#wrapped?.secretId() ?? credential('PADLOCK_VAULT_SECRET_ID_FILE', value, file)
  }

  /** What a login that failed is reported as; a secret_id that Vault refused is remembered. */
  async #failure(
    error: unknown,
    roleId: string,
    secretId: string,
    options: VaultCallOptions,
  ): Promise<unknown> {
    if (said(error, /invalid role|invalid secret_id/)) {
      if (!(await this.#roleIsThere(roleId, options))) {
        return loginError(error, this.#mount, 'there is no role with this role_id.')
      }
      this.#refused.add(secretId)
      return spent()
    }
    const why = said(error, /CIDR/)
      ? "this machine's address is not among those that the role or the secret_id is bound to."
      : lockedOut
    return loginError(error, this.#mount, why)
  }

  /** Asks without a secret_id, which Vault does not count as a failed login: is there such a role? */
  async #roleIsThere(roleId: string, options: VaultCallOptions): Promise<boolean> {
    try {
      await this.#client.write(this.#path, { role_id: roleId }, options)
      return true
    } catch (error) {
      if (said(error, /missing secret_id/)) {
        return true
      }
      if (said(error, /invalid role/)) {
        return false
      }
      throw loginError(error, this.#mount, lockedOut)
    }
  }
}
