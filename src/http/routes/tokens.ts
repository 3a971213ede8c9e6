import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type ErrorCode, PadlockError } from '../../errors.ts'
import { TokenRequestSchema } from '../../token/claims.ts'
import { issueToken } from '../../token/issue.ts'
import type { Profile } from '../../token/profile.ts'
import type { Signer } from '../../token/signer.ts'
import { isProfileName } from '../../vault/profile-settings.ts'
import type { AppDeps } from '../app.ts'
import { type Caller, mayIssue } from '../caller-auth.ts'
import { withinDeadline } from '../deadline.ts'
import type { Limits } from '../limits.ts'
import { SharedUserIds } from '../shared-user-ids.ts'
import { tokenRequestOf } from '../token-body.ts'
import { ProfileParams } from './profile-params.ts'

const IssuedTokenSchema = Type.Object({
  token: Type.String({ description: 'compact JWE (RFC 7516 §7.1) for the browser tag' }),
  issuedAt: Type.String({ description: 'RFC 3339, UTC' }),
  expiresAt: Type.String({ description: 'RFC 3339, UTC' }),
  expiresIn: Type.Integer({ description: 'seconds' }),
  keyVersion: Type.Integer({ description: 'version of the signing key in Vault' }),
  auditId: Type.String({
    description: "base64url SHA-256 of the JWS signing input, to find the token in Vault's log",
  }),
})

const codes: readonly ErrorCode[] = [
  'invalid_json',
  'unauthenticated',
  'forbidden',
  'profile_not_found',
  'not_acceptable',
  'user_id_shared',
  'unsupported_media_type',
  'signature_invalid',
  'vault_unavailable',
  'vault_sealed',
  'vault_denied',
  'vault_throttled',
  'signing_key_missing',
  'key_version_disabled',
  'caller_keys_unavailable',
  'issuance_log_unavailable',
  'overloaded',
  'shutting_down',
  'vault_timeout',
]

/** What a token's answer is; some clients ask for it with the parameter that it has. */
const answerTypes = ['application/json', 'application/json; charset=utf-8']

/** Refuses a body before it is read: one without a type has none that is accepted (RFC 9110 §15.5.16), nor is any coded. */
function checkContent({ headers }: FastifyRequest): void {
  const coding = headers['content-encoding'] ?? 'identity'
  if (headers['content-type'] === undefined || coding.toLowerCase() !== 'identity') {
    throw new PadlockError('unsupported_media_type')
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** milliseconds of performance.now() */
    deadline: number
    profile: Profile
  }
}

/** `POST /v1/profiles/{profile}/tokens` */
export async function tokenRoutes(
  app: FastifyInstance,
  deps: AppDeps & { authenticate: (request: FastifyRequest) => Promise<Caller>; limits: Limits },
): Promise<void> {
  // The answer itself takes time too.
  const workTimeMs = deps.config.PADLOCK_REQUEST_DEADLINE_MS * 0.95
  app.decorateRequest('deadline', 0)
  app.decorateRequest('profile', null as unknown as Profile)

  const sharedUserIds = new SharedUserIds(deps.log, deps.metrics)
  app.addHook('onClose', async () => sharedUserIds.stop())

  /** Everything that needs no body: a caller without a right to it does not even have it read. */
  async function admit(request: FastifyRequest): Promise<void> {
    request.deadline = performance.now() + workTimeMs
    if (app.drain.phase === 'refusing') throw new PadlockError('shutting_down')
    // Only the callers' issuer can keep this waiting.
    const caller = await withinDeadline(
      deps.authenticate(request),
      request.deadline,
      'caller_keys_unavailable',
    )
    request.outcome.sub = caller.sub
    await deps.limits.caller(request)
    const name = (request.params as Static<typeof ProfileParams>).profile
    // A profile that cannot be used answers with its own code first: nobody can say whom it lists.
    const profile = isProfileName(name) ? deps.profiles.find(name)?.profile : undefined
    if (!mayIssue(caller, name, profile?.callers)) throw new PadlockError('forbidden')
    if (profile === undefined) throw new PadlockError('profile_not_found')
    request.profile = profile
    request.outcome.profile = name
    if (request.accepts().type(answerTypes) === false) throw new PadlockError('not_acceptable')
    checkContent(request)
    if (deps.issuance?.forbids()) throw new PadlockError('issuance_log_unavailable')
    const refusal = deps.signer.refusal(profile.pinnedKey, request.deadline)
    if (refusal !== undefined) throw refusal
  }

  app.post(
    '/v1/profiles/:profile/tokens',
    {
      onRequest: admit,
      attachValidation: true,
      config: { errors: codes },
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
      const { profile, outcome, deadline, trace } = request
      const tokenRequest = tokenRequestOf(request, profile)
      const gone = new AbortController()
      const hungUp = () => gone.abort()
      reply.raw.once('close', hungUp)
      const signer: Signer = {
        async sign(digest, key, options) {
          outcome.auditId = digest.toString('base64url')
          outcome.keyVersion = key.version
          const start = performance.now()
          trace?.queued()
          try {
            return await deps.signer.sign(digest, key, options)
          } finally {
            outcome.signMs = performance.now() - start
            trace?.signed()
          }
        },
      }
      const onCall = (correlationId: string) => {
        outcome.correlationId = correlationId
        trace?.sent(correlationId)
      }
      const admit = (userId: string) => sharedUserIds.admit(profile, userId, request.log)
      const options = { deadline, signal: gone.signal, onCall, admit, trace: trace?.link, step: trace?.step }
      const issued = await withinDeadline(
        issueToken(tokenRequest, profile, signer, Date.now(), options),
        deadline,
        'vault_timeout',
      ).finally(() => reply.raw.off('close', hungUp))
      // Also for a caller that has hung up by now: the token is made.
      deps.issuance?.log.issued({
        profile: profile.name,
        sub: outcome.sub as string,
        auditId: issued.auditId,
        key: profile.pinnedKey,
        correlationId: outcome.correlationId as string,
        requestId: request.id,
        userId: tokenRequest.userId,
      })
      deps.metrics.tokensIssued.inc({ profile: profile.name, key_version: issued.keyVersion })
      reply.header('Cache-Control', 'no-store')
      return issued
    },
  )
}
