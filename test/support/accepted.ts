import { createPublicKey, type KeyObject } from 'node:crypto'
import { acceptToken } from '../../src/dev/accept-token.ts'

/** What the recipient reads in a token. @throws Error when it refuses the token */
export async function acceptedClaims(
  token: string,
  service: { url: string; recipientKey: KeyObject },
): Promise<Record<string, unknown>> {
  const answer = await fetch(`${service.url}/v1/profiles/default/public-key.pem`)
  const publicKeys = [createPublicKey(await answer.text())]
  const receipt = await acceptToken(token, { privateKey: service.recipientKey, publicKeys })
  if (!receipt.accepted) throw new Error(`refused: ${receipt.reason}, ${receipt.detail}`)
  return receipt.claims
}
