import type { KeyObject } from 'node:crypto'
import { acceptToken } from '../../../dev/accept-token.ts'
import type { ErrorCode } from '../../../src/errors.ts'
import { codeOf, problemFaults } from '../../support/problem.ts'
import type { Outcome } from './load.ts'

/** What the recipient needs to judge a token, and what the token must say. */
export interface Recipient {
  privateKey: KeyObject
  /** the customer's keys, as Vault itself gives them */
  publicKeys: KeyObject[]
  issuer: string
}

export type Verdict =
  | { kind: 'token' }
  | { kind: 'refusal'; code: ErrorCode }
  | { kind: 'else'; what: string }

/** PADLOCK_REQUEST_DEADLINE_MS as it comes, and what the client itself may be late by. */
const answeredWithinMs = 2_000 + 500

const userIdClaim = 'https://iadvize.com/userId'

async function judgeToken(body: string, outcome: Outcome, recipient: Recipient): Promise<Verdict> {
  const { token } = JSON.parse(body) as { token: string }
  const receipt = await acceptToken(token, { ...recipient, now: new Date(outcome.endedOn) })
  if (!receipt.accepted) {
    return { kind: 'else', what: `a token that is refused: ${receipt.reason}` }
  }
  if (receipt.claims[userIdClaim] !== outcome.userId) {
    return { kind: 'else', what: `A TOKEN OF ANOTHER VISITOR'S` }
  }
  if (receipt.claims.iss !== recipient.issuer) {
    return { kind: 'else', what: 'a token of another issuer' }
  }
  return { kind: 'token' }
}

/**
 * What a request came to: a token, decrypted, verified and of the visitor that was asked for; a refusal in the
 * contract's form by the deadline; or anything else, which must not be.
 */
export async function judge(outcome: Outcome, recipient: Recipient): Promise<Verdict> {
  const { answer, error, sentAt, endedAt, lateMs } = outcome
  if (answer === undefined) {
    return { kind: 'else', what: `no answer (${error})` }
  }
  const tookMs = endedAt - sentAt - lateMs
  if (tookMs > answeredWithinMs) {
    return { kind: 'else', what: `${answer.status} after ${Math.round(tookMs)} ms` }
  }
  try {
    if (answer.status === 200) {
      return await judgeToken(answer.body, outcome, recipient)
    }
  } catch (error) {
    return { kind: 'else', what: `a 200 that cannot be read (${(error as Error).name})` }
  }
  const faults = problemFaults(answer)
  if (faults.length > 0) {
    return { kind: 'else', what: faults.join('; ') }
  }
  return { kind: 'refusal', code: codeOf(answer) as ErrorCode }
}
