import etag from '@fastify/etag'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { PadlockError } from '../../errors.ts'
import { isProfileName } from '../../vault/profiles.ts'
import type { AppDeps } from '../app.ts'

const Params = Type.Object({ profile: Type.String() })

/** `GET /v1/profiles/{profile}/jwks.json` and `…/public-key.pem`: public keys, for anyone, from memory. */
export async function keyRoutes(app: FastifyInstance, deps: AppDeps): Promise<void> {
  await app.register(etag)

  function keysOf(request: FastifyRequest) {
    const name = (request.params as Static<typeof Params>).profile
    if (!isProfileName(name)) throw new PadlockError('profile_not_found')
    request.outcome.profile = name
    return deps.profiles.get(name).publishedKeys
  }

  function negotiate(request: FastifyRequest, reply: FastifyReply, types: string[]): void {
    const type = request.accepts().type(types)
    if (typeof type !== 'string') throw new PadlockError('not_acceptable')
    reply.header('Vary', 'Accept').type(type)
    reply.header('Cache-Control', `public, max-age=${deps.config.PADLOCK_PROFILE_REFRESH_SECONDS}`)
  }

  app.get('/v1/profiles/:profile/jwks.json', { schema: { params: Params } }, async (request, reply) => {
    const keys = keysOf(request).map(({ jwk }) => jwk)
    negotiate(request, reply, ['application/jwk-set+json', 'application/json'])
    return JSON.stringify({ keys })
  })

  app.get('/v1/profiles/:profile/public-key.pem', { schema: { params: Params } }, async (request, reply) => {
    const wanted = (request.query as { version?: unknown }).version
    if (wanted !== undefined && (typeof wanted !== 'string' || !/^[1-9]\d{0,8}$/.test(wanted))) {
      throw new PadlockError('invalid_request', { detail: 'The version is a whole number from 1.' })
    }
    const keys = keysOf(request)
    const key = wanted === undefined ? keys[0] : keys.find(({ version }) => version === Number(wanted))
    if (key === undefined) throw new PadlockError('not_found', { detail: 'No such version is published.' })
    negotiate(request, reply, ['application/x-pem-file', 'text/plain'])
    return key.pem
  })
}
