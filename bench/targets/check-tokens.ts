import type { KeyObject } from 'node:crypto'
import { acceptToken } from '../../dev/accept-token.ts'

/**
 * Asks for tokens and judges them as the recipient does.
 *
 * @param url takes `{"userId": …}` and answers `{"token": …}`
 * @param caller JWT
 * @param privateKey the recipient's
 * @param publicKey verifies the signature
 * @throws Error when an answer is no token for the very visitor who was asked for
 */
export async function checkTokens(
  url: string,
  caller: string,
  privateKey: KeyObject,
  publicKey: KeyObject,
): Promise<void> {
  const headers = { authorization: `Bearer ${caller}`, 'content-type': 'application/json' }
  const one = async (userId: string) => {
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ userId }) })
    const { token } = (await answer.json()) as { token?: string }
    if (answer.status !== 200 || token === undefined) {
      throw new Error(`${url} answered ${answer.status}.`)
    }
    const receipt = await acceptToken(token, { privateKey, publicKeys: [publicKey] })
    if (!receipt.accepted) {
      throw new Error(`${url} gave a token that the recipient refuses: ${receipt.detail}`)
    }
    if (receipt.claims['https://iadvize.com/userId'] !== userId) {
      throw new Error(`${url} gave the token of another visitor.`)
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, i) => one(`check-${i}`)))
}
