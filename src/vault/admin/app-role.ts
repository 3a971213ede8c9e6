import { type Static, Type } from 'typebox'
import { answerData } from '../client/checked-answer.ts'
import type { VaultClient } from '../client/client.ts'
import { ifPresent } from '../client/not-found.ts'
import { SecretIds } from './secret-ids.ts'

const Seconds = Type.Integer({ minimum: 0 })
const Strings = Type.Union([Type.Null(), Type.Array(Type.String())])

/** The fields of a role that Padlock minds (Vault API, "AppRole auth method"); times in seconds, 0 for no limit. */
const RoleSchema = Type.Object({
  bind_secret_id: Type.Boolean(),
  secret_id_num_uses: Type.Integer(),
  secret_id_ttl: Seconds,
  secret_id_bound_cidrs: Strings,
  token_bound_cidrs: Strings,
  token_explicit_max_ttl: Seconds,
  token_max_ttl: Seconds,
  token_no_default_policy: Type.Boolean(),
  token_num_uses: Type.Integer(),
  token_period: Seconds,
  token_policies: Strings,
  token_ttl: Seconds,
  token_type: Type.String(),
})
export type RoleFields = Static<typeof RoleSchema>

/** Where an AppRole role is: the path of its mount, without `auth/`, and its name. */
export interface RolePath {
  mount: string
  name: string
}

/** One AppRole role. All calls throw VaultError as the client does. */
export class AppRole {
  readonly path: RolePath
  readonly secretIds: SecretIds
  readonly #client: VaultClient
  readonly #path: string

  /** @param client with a token */
  constructor(client: VaultClient, path: RolePath) {
    this.path = path
    this.#client = client
    this.#path = `auth/${path.mount}/role/${path.name}`
    this.secretIds = new SecretIds(client, this.#path)
  }

  /** Its fields; undefined when there is no such role. */
  async read(): Promise<RoleFields | undefined> {
    const body = await ifPresent(this.#client.read(this.#path))
    return body === undefined ? undefined : answerData(RoleSchema, 'an AppRole role', body)
  }

  /** Makes the role, or changes the fields that are given. */
  async write(fields: Partial<RoleFields>): Promise<void> {
    await this.#client.write(this.#path, fields)
  }

  /** The role_id; undefined when there is no such role. */
  async readId(): Promise<string | undefined> {
    const body = await ifPresent(this.#client.read(`${this.#path}/role-id`))
    if (body === undefined) {
      return undefined
    }
    return answerData(Type.Object({ role_id: Type.String() }), 'a role_id', body).role_id
  }
}

/** The names of the roles of a method; empty where there is none. */
export async function listRoles(client: VaultClient, mount: string): Promise<string[]> {
  const body = await ifPresent(client.list(`auth/${mount}/role`))
  if (body === undefined) {
    return []
  }
  return answerData(Type.Object({ keys: Type.Array(Type.String()) }), 'the AppRole roles', body).keys
}
