import { Type } from 'typebox'
import { PadlockError } from '../../errors.ts'
import { answerData } from '../client/checked-answer.ts'
import type { VaultClient } from '../client/client.ts'
import { credential } from './credential.ts'
import type { LoginLog } from './login.ts'
import { isRefusal } from './login-answer.ts'

const LookupSchema = Type.Object({ creation_path: Type.String() })
const SecretIdSchema = Type.Object({ secret_id: Type.String({ minLength: 1 }) })

const denied = (detail: string) => new PadlockError('vault_denied', { detail })

/**
 * A secret_id that comes inside a wrapping token, which opens once (Vault, "Response wrapping"). It is kept in memory
 * alone; a new token in the file brings a new one.
 */
export class WrappedSecretId {
  readonly #client: VaultClient
  readonly #file: string
  readonly #creationPath: string
  readonly #log: LoginLog
  /** the token whose secret_id is in memory */
  #opened: string | undefined
  #secretId: string | undefined
  /** a token that cannot be used, while an older one's secret_id may still be good */
  #unusable: string | undefined
  /** a token whose opening got no answer: Vault may have opened it all the same */
  #unanswered: string | undefined

  /** @param creationPath where the wrapping token must have been made */
  constructor(client: VaultClient, file: string, creationPath: string, log: LoginLog) {
    this.#client = client
    this.#file = file
    this.#creationPath = creationPath
    this.#log = log
  }

  /**
   * The secret_id: opened now, or the one that is in memory.
   *
   * @throws VaultError; PadlockError `vault_denied` for a wrapping token that cannot be used, with the reason
   */
  async secretId(): Promise<string> {
    const token = await credential('PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE', undefined, this.#file).catch(
      (error: unknown) => {
        // Some take the file away once it was used.
        if (this.#opened !== undefined) {
          return this.#opened
        }
        throw error
      },
    )
    if (token === this.#opened || (token === this.#unusable && this.#secretId !== undefined)) {
      return this.#secretId as string
    }
    try {
      this.#secretId = await this.#open(token)
      this.#opened = token
      return this.#secretId
    } catch (error) {
      const { code, message } = error as PadlockError
      if (code !== 'vault_denied' || this.#secretId === undefined) {
        throw error
      }
      this.#unusable = token
      this.#log.error(`a new secret_id cannot be had, the old one stays in use: ${message}`)
      return this.#secretId
    }
  }

  async #open(token: string): Promise<string> {
    if (!/^[\w.-]+$/.test(token)) {
      throw denied('The file of PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE holds no token.')
    }
    await this.#checkOrigin(token)
    try {
      const answer = await this.#client.write('sys/wrapping/unwrap', {}, { token })
      return answerData(SecretIdSchema, 'a wrapped secret_id', answer).secret_id
    } catch (error) {
      if (!isRefusal(error)) {
        this.#unanswered = token
        throw error
      }
      throw denied(this.#usedUp(token))
    }
  }

  /** A token that somebody made to slip in a secret_id of another role comes from another path (Vault's advice). */
  async #checkOrigin(token: string): Promise<void> {
    let path: string
    try {
      const answer = await this.#client.write('sys/wrapping/lookup', { token })
      path = answerData(LookupSchema, 'a wrapping token', answer).creation_path
    } catch (error) {
      throw isRefusal(error) ? denied(this.#usedUp(token)) : error
    }
    if (path !== this.#creationPath) {
      throw denied(
        `The wrapping token was not made at ${this.#creationPath}: it may have been swapped on its way. It was not ` +
          'opened. If another role is meant, set PADLOCK_VAULT_ROLE.',
      )
    }
  }

  #usedUp(token: string): string {
    return this.#unanswered === token
      ? "The wrapping token is used up: Vault's answer when it was opened never came. Deliver a new one."
      : 'The wrapping token is used up or has run out. If neither an earlier start of Padlock nor its age explains it, ' +
          'SOMEBODY ELSE MAY HAVE OPENED IT: destroy its secret_id (by its accessor), and deliver a new one.'
  }
}
