import { type Static, Type } from 'typebox'
import { answerData } from './answer-data.ts'
import type { VaultClient } from './client.ts'
import { ifPresent } from './if-present.ts'

const Seconds = Type.Integer({ minimum: 0 })
const Strings = Type.Union([Type.Null(), Type.Array(Type.String())])

/** The fields of a role that Padlock minds (Vault API, "AppRole auth method"); times in seconds, 0 for no limit. */
export const RoleSchema = Type.Object({
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
export type Role = Static<typeof RoleSchema>

/** An AppRole role: the path of its mount, without `auth/`, and its name. */
export interface RolePath {
  mount: string
  name: string
}

const pathOf = ({ mount, name }: RolePath): string => `auth/${mount}/role/${name}`

/** A role's fields; undefined when there is no such role. */
export async function readRole(client: VaultClient, role: RolePath): Promise<Role | undefined> {
  const body = await ifPresent(client.read(pathOf(role)))
  return body === undefined ? undefined : answerData(RoleSchema, 'an AppRole role', body)
}

/** Makes a role, or changes the fields that are given. */
export async function writeRole(client: VaultClient, role: RolePath, fields: Partial<Role>): Promise<void> {
  await client.write(pathOf(role), fields)
}

/** The role_id; undefined when there is no such role. */
export async function readRoleId(client: VaultClient, role: RolePath): Promise<string | undefined> {
  const body = await ifPresent(client.read(`${pathOf(role)}/role-id`))
  if (body === undefined) return undefined
  return answerData(Type.Object({ role_id: Type.String() }), 'a role_id', body).role_id
}
