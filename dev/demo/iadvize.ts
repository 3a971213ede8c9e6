import type { KeyObject } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { inspectToken } from '../../src/inspection/inspect.ts'
import { userIdClaim, visitorDataClaim } from '../../src/token/visitor-data.ts'
import { receiptOf } from '../accept-token.ts'
import { readCustomerKeys } from '../recipient.ts'
import { type AuditedVault, findAuditEntry } from './audit-entry.ts'
import type { Conversations } from './conversations.ts'
import type { Desk } from './desk.ts'
import type { IssuedTokens } from './shop-backend.ts'
import { stepsOfToken } from './token-steps.ts'

export interface IadvizeOptions {
  /** the recipient's */
  privateKey: KeyObject
  /** where the customer's public keys are */
  jwksUrl: string
  vault: AuditedVault
  desk: Desk
  tokens: IssuedTokens
  conversations: Conversations
}

/** What the desk shows of a visitor whose token was accepted. */
function visitorOf(claims: Record<string, unknown>) {
  const data = (claims[visitorDataClaim] ?? {}) as Record<string, string>
  return { userId: String(claims[userIdClaim]), data }
}

/** Stands where iAdvize stands: takes the tag's token, decrypts and verifies it, and tells the agent's desk. */
export function iadvize(
  app: FastifyInstance,
  { privateKey, jwksUrl, vault, desk, tokens, conversations }: IadvizeOptions,
): void {
  app.post<{ Body: { token?: unknown } | null }>(
    '/iadvize/authentication',
    async ({ body, headers }, reply) => {
      const token = typeof body?.token === 'string' ? body.token : ''
      const publicKeys = await readCustomerKeys({ jwksUrl })
      const inspection = await inspectToken(token, { recipientKey: privateKey, publicKeys }, Date.now())
      const receipt = receiptOf(inspection)
      const accepted = receipt.accepted ? visitorOf(receipt.claims) : null
      const known = tokens.get(token)
      if (known) {
        const { call, issued, visitor, view } = known
        const audit = await findAuditEntry(vault, Buffer.from(issued.auditId, 'base64url'))
        desk.tell(visitor, view, {
          padlock: receipt.accepted,
          reason: receipt.accepted ? null : `iAdvize refused: ${receipt.detail}`,
          expiresAt: issued.expiresAt,
          visitor: accepted,
          steps: stepsOfToken(call, token, inspection, audit),
        })
      }
      reply.header('cache-control', 'no-store')
      if (accepted === null) {
        reply.header('set-cookie', conversations.end(headers.cookie))
        return reply.code(403).send({})
      }
      reply.header('set-cookie', conversations.beginVerified(headers.cookie, accepted.userId))
      const chatVisitor = { id: accepted.userId, verified: true }
      desk.converse({ visitor: chatVisitor, texts: conversations.textsOf(chatVisitor) })
      return reply.send({})
    },
  )
}
