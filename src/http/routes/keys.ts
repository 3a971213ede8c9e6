import etag from '@fastify/etag'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type ErrorCode, PadlockError } from '../../errors.ts'
import { isProfileName } from '../../vault/profiles/profile-settings.ts'
import { acceptedType } from '../contract/content.ts'
import type { AppDeps } from '../deps.ts'
import { askedProfile, ProfileParams } from './find-profile.ts'

const codes: readonly ErrorCode[] = [
  'profile_not_found',
  'not_acceptable',
  'vault_unavailable',
  'signing_key_missing',
  'profile_unusable',
  'key_version_disabled',
]

const jwksTypes = ['application/jwk-set+json', 'application/json']
const pemTypes = ['application/x-pem-file', 'text/plain']

const VersionQuery = Type.Object({
  version: Type.Optional(
    Type.String({
      pattern: '^[1-9][0-9]{0,8}$',
      description: 'version of the key; the active one without it',
    }),
  ),
})

const JwkSetSchema = Type.Object(
  {
    keys: Type.Array(
      Type.Object(
        {
          kty: Type.Literal('RSA'),
          n: Type.String(),
          e: Type.String(),
          kid: Type.String({ description: 'RFC 7638 thumbprint' }),
          alg: Type.Literal('RS256'),
          use: Type.Literal('sig'),
        },
        { title: 'Jwk' },
      ),
    ),
  },
  { title: 'JwkSet', description: 'JWK Set (RFC 7517 §5)' },
)

/** `GET /v1/profiles/{profile}/jwks.json` and `…/public-key.pem`: public keys, for anyone, from memory. */
export async function keyRoutes(app: FastifyInstance, deps: AppDeps): Promise<void> {
  await app.register(etag)

  function keysOf(request: FastifyRequest) {
    const name = askedProfile(request)
    if (!isProfileName(name)) {
      throw new PadlockError('profile_not_found')
    }
    const { publishedKeys } = deps.profiles.get(name)
    // Only now is it a profile's name, and not whatever anyone sent.
    request.profileName = name
    const now = Date.now()
    return publishedKeys.filter(({ until }) => until === undefined || now < until)
  }

  function negotiate(request: FastifyRequest, reply: FastifyReply, types: string[]): void {
    reply.header('Vary', 'Accept').type(acceptedType(request, types))
    reply.header('Cache-Control', `public, max-age=${deps.config.PADLOCK_PROFILE_REFRESH_SECONDS}`)
  }

  app.get(
    '/v1/profiles/:profile/jwks.json',
    {
      config: { errors: codes, produces: jwksTypes },
      schema: {
        tags: ['keys'],
        operationId: 'jwks',
        summary: 'The public keys that a verifier needs, now or next',
        params: ProfileParams,
        response: { 200: JwkSetSchema },
      },
    },
    async (request, reply) => {
      const keys = keysOf(request).map(({ jwk }) => jwk)
      negotiate(request, reply, jwksTypes)
      return JSON.stringify({ keys })
    },
  )

  app.get(
    '/v1/profiles/:profile/public-key.pem',
    {
      config: { errors: [...codes, 'not_found'], produces: pemTypes },
      schema: {
        tags: ['keys'],
        operationId: 'publicKey',
        summary: 'One public key, to hand to iAdvize',
        params: ProfileParams,
        querystring: VersionQuery,
        response: { 200: Type.String({ description: 'SPKI PEM' }) },
      },
      attachValidation: true,
    },
    async (request, reply) => {
      if (request.validationError) {
        throw new PadlockError('invalid_request', { detail: 'The version is a whole number from 1.' })
      }
      const { version: wanted } = request.query as Static<typeof VersionQuery>
      const keys = keysOf(request)
      const key = wanted === undefined ? keys[0] : keys.find(({ version }) => version === Number(wanted))
      if (key === undefined) {
        throw new PadlockError('not_found', { detail: 'No such version is published.' })
      }
      negotiate(request, reply, pemTypes)
      return key.pem
    },
  )
}
