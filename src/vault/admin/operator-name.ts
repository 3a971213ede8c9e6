import { Type } from 'typebox'
import { answerData } from '../client/checked-answer.ts'
import type { VaultClient } from '../client/client.ts'

/** The display name of the token in use: who it is that changes a profile. */
export async function readOperatorName(client: VaultClient): Promise<string> {
  const body = await client.read('auth/token/lookup-self')
  const { display_name } = answerData(Type.Object({ display_name: Type.String() }), 'a token', body)
  return display_name === '' ? 'unnamed' : display_name
}
