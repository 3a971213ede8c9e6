import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { PadlockError } from '../../errors.ts'
import { type CheckedTokenRequest, TokenRequestSchema } from '../../token/claims.ts'
import { type IssuedToken, issueToken } from '../../token/issue.ts'
import { authorise } from '../callers/authorise.ts'
import { refuseWhileStopping } from '../connections/drain.ts'
import { awaitBody, checkContent, negotiate } from '../contract/content.ts'
import { IssuedTokenSchema, tokenErrorCodes } from '../contract/token-answer.ts'
import { tokenRequestOf } from '../contract/token-body.ts'
import type { AppDeps } from '../deps.ts'
import { SharedUserIds } from '../limits/shared-user-ids.ts'
import { startDeadline, withinDeadline } from '../overload/deadline.ts'
import { refuseIfLate } from '../overload/refuse-if-late.ts'
import { observedEncryption, observedSigner } from '../reporting/observed-signer.ts'
import { findProfile, ProfileParams } from './find-profile.ts'

/** Aborted when the caller hangs up before it has its answer. */
function hangUpSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) {
      gone.abort()
    }
  })
  return gone.signal
}

/** What token requests are checked with, beside what the app is made of. */
export interface TokenRouteDeps extends AppDeps {
  identifyCaller(request: FastifyRequest): Promise<void>
  limitCaller(request: FastifyRequest): Promise<void>
}

/** `POST /v1/profiles/{profile}/tokens` */
export async function tokenRoutes(app: FastifyInstance, deps: TokenRouteDeps): Promise<void> {
  const { config, profiles, signer, issuance, metrics, identifyCaller, limitCaller } = deps
  const deadline = startDeadline(config.PADLOCK_REQUEST_DEADLINE_MS)
  const sharedUserIds = new SharedUserIds(deps.log, metrics)
  app.addHook('onClose', async () => sharedUserIds.stop())

  async function issue(body: CheckedTokenRequest, request: FastifyRequest, signal: AbortSignal) {
    const { profile, deadline } = request
    const token = issueToken(
      body,
      profile,
      observedSigner(signer, request),
      Date.now(),
      { deadline, signal },
      observedEncryption(request),
    )
    try {
      return await withinDeadline(token, deadline, 'vault_timeout')
    } catch (error) {
      if (error instanceof PadlockError && error.code === 'signature_invalid') {
        profiles.signatureFailed(profile.name)
      }
      throw error
    }
  }

  // Also of a caller that has hung up by now: the token is made.
  function record({ profile, caller, signing, id }: FastifyRequest, issued: IssuedToken, userId: string) {
    issuance?.issued({
      profile: profile.name,
      sub: caller.sub,
      auditId: issued.auditId,
      key: profile.pinnedKey,
      correlationId: signing?.correlationId ?? '',
      requestId: id,
      userId,
    })
    metrics.tokensIssued.inc({ profile: profile.name, key_version: issued.keyVersion })
  }

  app.post(
    '/v1/profiles/:profile/tokens',
    {
      // All that needs no body: a caller without a right to it does not even have it read.
      onRequest: [
        deadline,
        refuseWhileStopping,
        identifyCaller,
        limitCaller,
        findProfile(profiles),
        authorise,
        negotiate,
        checkContent,
        refuseIfLate(signer, () => issuance?.forbids() === true),
      ],
      preParsing: awaitBody,
      attachValidation: true,
      config: { errors: tokenErrorCodes },
      schema: {
        tags: ['tokens'],
        operationId: 'issueToken',
        summary: 'Issue a token for a visitor',
        security: [{ caller: [] }],
        params: ProfileParams,
        body: TokenRequestSchema,
        response: { 200: IssuedTokenSchema },
      },
    },
    async (request, reply) => {
      const body = tokenRequestOf(request)
      sharedUserIds.guard(request.profile, body.userId, request.log)
      const issued = await issue(body, request, hangUpSignal(reply))
      record(request, issued, body.userId)
      reply.header('Cache-Control', 'no-store')
      return issued
    },
  )
}
