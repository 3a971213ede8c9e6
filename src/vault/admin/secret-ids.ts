import { Type } from 'typebox'
import { AnswerTime } from '../client/answer-time.ts'
import { answerData } from '../client/checked-answer.ts'
import type { VaultClient } from '../client/client.ts'
import { ifPresent } from '../client/not-found.ts'
import { VaultError } from '../client/vault-error.ts'

/** What may be known of a secret_id. */
export interface SecretIdState {
  accessor: string
  /** undefined for one that never expires */
  expiresAt: Date | undefined
  /** until then, by Vault's clock; Infinity for one that never expires */
  ttlSeconds: number
}

/** A secret_id as it was made: the secret itself, or a token that opens it once. */
export type NewSecretId = { accessor: string } & (
  | { secretId: string }
  | { wrappingToken: string; wrapTtlSeconds: number }
)

const StateSchema = Type.Object({ secret_id_accessor: Type.String(), expiration_time: Type.String() })
const AccessorsSchema = Type.Object({ keys: Type.Array(Type.String()) })
const NewSchema = Type.Object({ secret_id: Type.String({ minLength: 1 }), secret_id_accessor: Type.String() })
const OpenedSchema = Type.Object({ secret_id_accessor: Type.String() })
const WrapSchema = Type.Object({
  token: Type.String({ minLength: 1 }),
  ttl: Type.Integer(),
  wrapped_accessor: Type.String({ minLength: 1 }),
})

/** The secret_ids of an AppRole role (Vault API, "AppRole auth method"). All calls throw VaultError as the client does. */
export class SecretIds {
  readonly #client: VaultClient
  readonly #path: string

  /**
   * @param client with a token
   * @param rolePath `auth/<mount>/role/<name>`
   */
  constructor(client: VaultClient, rolePath: string) {
    this.#client = client
    this.#path = `${rolePath}/secret-id`
  }

  /** The state of a secret_id; undefined when it does not work, or no longer. */
  lookUp(secretId: string): Promise<SecretIdState | undefined> {
    return this.#state(`${this.#path}/lookup`, { secret_id: secretId })
  }

  /** Likewise by its accessor, which is not secret. */
  lookUpAccessor(accessor: string): Promise<SecretIdState | undefined> {
    return this.#state(`${this.#path}-accessor/lookup`, { secret_id_accessor: accessor })
  }

  /** The first one that still works, if there is any. */
  async findLive(): Promise<SecretIdState | undefined> {
    const body = await ifPresent(this.#client.list(this.#path))
    if (body === undefined) {
      return undefined
    }
    for (const accessor of answerData(AccessorsSchema, 'the secret_ids', body).keys) {
      const state = await this.lookUpAccessor(accessor)
      if (state !== undefined) {
        return state
      }
    }
    return undefined
  }

  /**
   * Makes one with the role's own life and bounds.
   *
   * @param wrapTtlSeconds asks for response wrapping: the answer then holds a token that opens the secret_id once
   */
  async create(wrapTtlSeconds: number | undefined): Promise<NewSecretId> {
    const body = await this.#client.write(this.#path, {}, { wrapTtlSeconds })
    if (wrapTtlSeconds === undefined) {
      const data = answerData(NewSchema, 'a new secret_id', body)
      return { accessor: data.secret_id_accessor, secretId: data.secret_id }
    }
    const data = (body as { wrap_info?: unknown } | undefined)?.wrap_info
    const wrap = answerData(WrapSchema, 'a wrapped secret_id', { data })
    return { accessor: wrap.wrapped_accessor, wrappingToken: wrap.token, wrapTtlSeconds: wrap.ttl }
  }

  /** Ends one. */
  async destroy(accessor: string): Promise<void> {
    await this.#client.write(`${this.#path}-accessor/destroy`, { secret_id_accessor: accessor })
  }

  /**
   * Opens a wrapping token, which then is used up.
   *
   * @returns the accessor of the secret_id in it; undefined for what wraps no secret_id of this role
   */
  async openWrapped(token: string): Promise<{ accessor: string } | undefined> {
    if ((await creationPath(this.#client, token)) !== this.#path) {
      return undefined
    }
    const body = await this.#client.write('sys/wrapping/unwrap', { token })
    return { accessor: answerData(OpenedSchema, 'an unwrapped secret_id', body).secret_id_accessor }
  }

  async #state(path: string, data: object): Promise<SecretIdState | undefined> {
    const time = new AnswerTime()
    // Vault answers 204 for a secret_id that it does not know.
    const body = await ifPresent(this.#client.write(path, data, { onDate: time.onDate }))
    if (body === undefined) {
      return undefined
    }
    const { secret_id_accessor: accessor, expiration_time } = answerData(StateSchema, 'a secret_id', body)
    const expires = Date.parse(expiration_time)
    // Go's zero time stands for "never".
    if (!(expires > 0)) {
      return { accessor, expiresAt: undefined, ttlSeconds: Number.POSITIVE_INFINITY }
    }
    const leftMs = expires - time.now
    return leftMs > 0 ? { accessor, expiresAt: new Date(expires), ttlSeconds: leftMs / 1000 } : undefined
  }
}

/** Where a wrapping token was made; undefined for one that can no longer be opened. */
async function creationPath(client: VaultClient, token: string): Promise<string | undefined> {
  try {
    const body = await client.write('sys/wrapping/lookup', { token })
    return answerData(Type.Object({ creation_path: Type.String() }), 'a wrapping token', body).creation_path
  } catch (error) {
    if (error instanceof VaultError && error.vaultStatus === 400) {
      return undefined
    }
    throw error
  }
}

/** True while a wrapping token can still be opened. */
export const isWrapped = async (client: VaultClient, wrappingToken: string): Promise<boolean> =>
  (await creationPath(client, wrappingToken)) !== undefined
