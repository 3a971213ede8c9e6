import type { KeyObject } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { userIdClaim, visitorDataClaim } from '../../token/claims.ts'
import { inspectToken } from '../../token/inspect.ts'
import { receiptOf } from '../accept-token.ts'
import { readCustomerKeys } from '../recipient.ts'
import { type AuditedVault, findAuditEntry } from './audit-entry.ts'
import type { Desk } from './desk.ts'
import type { IssuedTokens } from './shop-backend.ts'
import { tokenWay } from './token-way.ts'

export interface IadvizeOptions {
  /** the recipient's */
  privateKey: KeyObject
  /** where the customer's public keys are */
  jwksUrl: string
  vault: AuditedVault
  desk: Desk
  tokens: IssuedTokens
}

/** What the desk shows of a visitor whose token was accepted. */
function visitorOf(claims: Record<string, unknown>) {
  const data = (claims[visitorDataClaim] ?? {}) as Record<string, string>
  return { userId: String(claims[userIdClaim]), data }
}

/** Stands where iAdvize stands: takes the tag's token, decrypts and verifies it, and tells the agent's desk. */
export function iadvize(
  app: FastifyInstance,
  { privateKey, jwksUrl, vault, desk, tokens }: IadvizeOptions,
): void {
  app.post<{ Body: { token?: unknown } | null }>('/iadvize/authentication', async ({ body }, reply) => {
    const token = typeof body?.token === 'string' ? body.token : ''
    const publicKeys = await readCustomerKeys({ jwksUrl })
    const inspection = await inspectToken(token, { recipientKey: privateKey, publicKeys }, Date.now())
    const receipt = receiptOf(inspection)
    const known = tokens.get(token)
    if (known) {
      const { call, issued, visitor, view } = known
      desk.tell(visitor, view, {
        padlock: receipt.accepted,
        reason: receipt.accepted ? null : `iAdvize refused: ${receipt.detail}`,
        expiresAt: issued.expiresAt,
        visitor: receipt.accepted ? visitorOf(receipt.claims) : null,
        steps: tokenWay(
          call,
          token,
          inspection,
          await findAuditEntry(vault, Buffer.from(issued.auditId, 'base64url')),
        ),
      })
    }
    reply.header('cache-control', 'no-store')
    return receipt.accepted
      ? { status: 'authentication-success' }
      : { status: 'authentication-failure', reason: receipt.detail }
  })
}
