import type { Static, TSchema } from 'typebox'
import { Check } from 'typebox/schema'
import { VaultError } from './vault-error.ts'

/**
 * The `data` of an answer of Vault's, checked against a schema; fields that it does not name are allowed.
 *
 * @param what names the thing in the message, such as "an AppRole role"
 * @throws VaultError `vault_unavailable` when the answer is not of that kind
 */
export function answerData<Schema extends TSchema>(
  schema: Schema,
  what: string,
  body: unknown,
): Static<Schema> {
  const data = (body as { data?: unknown } | undefined)?.data
  if (!Check(schema, data)) {
    throw new VaultError('vault_unavailable', `Vault described ${what} in a way that is not known.`)
  }
  return data as Static<Schema>
}
