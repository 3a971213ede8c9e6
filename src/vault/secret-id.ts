import { Type } from 'typebox'
import { answerData } from './answer-data.ts'
import type { RolePath } from './approle.ts'
import { type VaultCallOptions, type VaultClient, VaultError } from './client.ts'
import { ifPresent } from './if-present.ts'

/** What may be known of a secret_id. */
export interface SecretIdState {
  accessor: string
  /** undefined for one that never expires */
  expiresAt: Date | undefined
}

/** A secret_id as it was made: the secret itself, or a token that opens it once. */
export type NewSecretId = { accessor: string } & (
  | { secretId: string }
  | { wrappingToken: string; wrapTtlSeconds: number }
)

const pathOf = ({ mount, name }: RolePath): string => `auth/${mount}/role/${name}`
const StateSchema = Type.Object({ secret_id_accessor: Type.String(), expiration_time: Type.String() })

function stateOf(body: unknown): SecretIdState | undefined {
  if (body === undefined) return undefined
  const { secret_id_accessor: accessor, expiration_time } = answerData(StateSchema, 'a secret_id', body)
  const expires = Date.parse(expiration_time)
  // Go's zero time stands for "never".
  const expiresAt = expires > 0 ? new Date(expires) : undefined
  if (expiresAt !== undefined && expires <= Date.now()) return undefined
  return { accessor, expiresAt }
}

/** Looks up a secret_id of a role; undefined when it does not work, or no longer. */
export async function lookUpSecretId(
  client: VaultClient,
  role: RolePath,
  secretId: string,
  options: VaultCallOptions = {},
) {
  const path = `${pathOf(role)}/secret-id/lookup`
  // Vault answers 204 for a secret_id that it does not know.
  return stateOf(await ifPresent(client.write(path, { secret_id: secretId }, options)))
}

/** Looks up a secret_id by its accessor, which is not secret. */
export async function lookUpAccessor(client: VaultClient, role: RolePath, accessor: string) {
  const data = { secret_id_accessor: accessor }
  return stateOf(await ifPresent(client.write(`${pathOf(role)}/secret-id-accessor/lookup`, data)))
}

/** The first secret_id of a role that still works, if there is any. */
export async function findLiveSecretId(
  client: VaultClient,
  role: RolePath,
): Promise<SecretIdState | undefined> {
  const body = await ifPresent(client.list(`${pathOf(role)}/secret-id`))
  if (body === undefined) return undefined
  const { keys } = answerData(Type.Object({ keys: Type.Array(Type.String()) }), 'the secret_ids', body)
  for (const accessor of keys) {
    const state = await lookUpAccessor(client, role, accessor)
    if (state !== undefined) return state
  }
  return undefined
}

const WrapSchema = Type.Object({
  token: Type.String({ minLength: 1 }),
  ttl: Type.Integer(),
  wrapped_accessor: Type.String({ minLength: 1 }),
})

/**
 * Makes a secret_id with the role's own life and bounds.
 *
 * @param wrapTtlSeconds asks for response wrapping: the answer then holds a token that opens the secret_id once
 */
export async function createSecretId(
  client: VaultClient,
  role: RolePath,
  wrapTtlSeconds: number | undefined,
): Promise<NewSecretId> {
  const body = await client.write(`${pathOf(role)}/secret-id`, {}, { wrapTtlSeconds })
  if (wrapTtlSeconds !== undefined) {
    const wrap = answerData(WrapSchema, 'a wrapped secret_id', {
      data: (body as { wrap_info?: unknown })?.wrap_info,
    })
    return { accessor: wrap.wrapped_accessor, wrappingToken: wrap.token, wrapTtlSeconds: wrap.ttl }
  }
  const schema = Type.Object({ secret_id: Type.String({ minLength: 1 }), secret_id_accessor: Type.String() })
  const data = answerData(schema, 'a new secret_id', body)
  return { accessor: data.secret_id_accessor, secretId: data.secret_id }
}

/** Ends a secret_id. */
export async function destroySecretId(client: VaultClient, role: RolePath, accessor: string): Promise<void> {
  await client.write(`${pathOf(role)}/secret-id-accessor/destroy`, { secret_id_accessor: accessor })
}

/** True while a wrapping token can still be opened. */
export async function isWrapped(client: VaultClient, wrappingToken: string): Promise<boolean> {
  try {
    await client.write('sys/wrapping/lookup', { token: wrappingToken })
    return true
  } catch (error) {
    if (error instanceof VaultError && error.vaultStatus === 400) return false
    throw error
  }
}
