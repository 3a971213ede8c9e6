import { createPublicKey, type KeyObject } from 'node:crypto'
import { acceptToken } from '../../dev/accept-token.ts'

/**
 * What the recipient reads in a token.
 *
 * @param publicKey that it verifies with; without it, the one that the service publishes
 * @throws Error when it refuses the token
 */
export async function acceptedClaims(
  token: string,
  service: { url: string; recipientKey: KeyObject },
  publicKey?: KeyObject,
): Promise<Record<string, unknown>> {
  const publicKeys = [publicKey ?? (await publishedKey(service.url))]
  const receipt = await acceptToken(token, { privateKey: service.recipientKey, publicKeys })
  if (!receipt.accepted) {
    throw new Error(`refused: ${receipt.reason}, ${receipt.detail}`)
  }
  return receipt.claims
}

async function publishedKey(url: string): Promise<KeyObject> {
  const answer = await fetch(`${url}/v1/profiles/default/public-key.pem`)
  return createPublicKey(await answer.text())
}
