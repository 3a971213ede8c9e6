import { randomUUID } from 'node:crypto'
import type { IssuedToken } from '../src/token/issue.ts'
import type { Receipt } from './accept-token.ts'

/** A token as its caller got it, and what the recipient says of it. */
export interface FirstToken {
  issued: IssuedToken
  receipt: Receipt
}

async function post<T>(url: string, headers: Record<string, string>, body: string): Promise<T> {
  const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(5_000) })
  if (!answer.ok) {
    throw new Error(`${new URL(url).pathname} answered ${answer.status}: ${await answer.text()}`)
  }
  return (await answer.json()) as T
}

/** Asks Padlock for a token as a shop's backend would, and shows it to the recipient. */
export async function issueFirstToken(
  padlock: string,
  callerToken: string,
  recipient: string,
): Promise<FirstToken> {
  const visitor = {
    userId: randomUUID(),
    visitorData: { firstName: 'Jane', lastName: 'Doe', city: 'Nantes' },
  }
  const issued = await post<IssuedToken>(
    `${padlock}/v1/profiles/default/tokens`,
    { authorization: `Bearer ${callerToken}`, 'content-type': 'application/json' },
    JSON.stringify(visitor),
  )
  const receipt = await post<Receipt>(recipient, { 'content-type': 'text/plain' }, issued.token)
  if (!receipt.accepted) {
    throw new Error(`The recipient refused the token: ${receipt.reason}, ${receipt.detail}`)
  }
  return { issued, receipt }
}
