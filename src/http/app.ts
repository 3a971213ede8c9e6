import { randomUUID } from 'node:crypto'
import accepts from '@fastify/accepts'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Redis } from 'ioredis'
import type { Issuance } from '../audit/issuance.ts'
import type { Config } from '../config.ts'
import { PadlockError } from '../errors.ts'
import type { Admission, Signer } from '../token/signer.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { ProfileRegistry } from '../vault/profile-registry.ts'
import type { VaultSession } from '../vault/session.ts'
import type { VaultClock } from '../vault/vault-clock.ts'
import type { VaultHealth } from '../vault/vault-health.ts'
import { surviveAcceptErrors } from './accept-errors.ts'
import { callerAuth } from './caller-auth.ts'
import type { CallerKeys } from './caller-keys.ts'
import { connectionErrors } from './connection-errors.ts'
import { docsPage } from './docs-page.ts'
import { Drain } from './drain.ts'
import { bodyLimitBytes, parseJsonBody } from './json-body.ts'
import { createLimits } from './limits.ts'
import { shedLoad } from './load-shedding.ts'
import { knownMethods } from './methods.ts'
import type { Metrics } from './metrics.ts'
import { describeApi } from './openapi.ts'
import { asPadlockError, sendProblem } from './problem.ts'
import { profileMetrics } from './profile-metrics.ts'
import { checkRequestHead } from './request-head.ts'
import { reportOutcomes } from './request-log.ts'
import { traceRequests } from './request-traces.ts'
import { healthRoutes } from './routes/health.ts'
import { keyRoutes } from './routes/keys.ts'
import { metricsRoute } from './routes/metrics.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { securityHeaders } from './security-headers.ts'
import type { TlsListener } from './tls-listener.ts'
import { listenerOptions, serveTls } from './tls-server.ts'

/** Largest head of a request in bytes: room for a bearer token that is too long to be told so. */
const maxHeaderBytes = 64 * 1024

/** How long a connection may rest between two requests, in milliseconds: longer than balancers keep theirs. */
const restMs = 72_000

/** How long a request may take to arrive, in milliseconds, and how often that is looked at: together, the deadline. */
function readingTimes(deadlineMs: number) {
  const checkMs = Math.min(250, Math.ceil(deadlineMs / 8))
  return { checkMs, timeoutMs: deadlineMs - checkMs }
}

/** What the app is made of. */
export interface AppDeps {
  config: Config
  log: FastifyBaseLogger
  session: VaultSession
  health: VaultHealth
  clock: VaultClock
  profiles: ProfileRegistry
  signer: Signer & Admission
  callerKeys: CallerKeys
  metrics: Metrics
  /** where each token is on record */
  issuance?: Issuance | undefined
  /** undefined while traces are off */
  tracing?: Tracing | undefined
  /** where several instances count callers together */
  redis?: Redis | undefined
  /** without it, plain HTTP */
  tls?: TlsListener | undefined
}

declare module 'fastify' {
  interface FastifyInstance {
    /** stops the service so that no caller notices; call it before `close` */
    drain: Drain
  }
}

/** Builds the HTTP service, not yet listening. Every Fastify option is set here, for production and tests alike. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { config } = deps
  const connections = connectionErrors(deps.metrics, (path) => methodsOf(path), restMs)
  const reading = readingTimes(config.PADLOCK_REQUEST_DEADLINE_MS)
  const node = {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: reading.timeoutMs,
    connectionsCheckingInterval: reading.checkMs,
    // checkRequestHead does it: Node's own answer is a bare status.
    requireHostHeader: false,
  }
  const app = fastify({
    loggerInstance: deps.log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: reading.timeoutMs,
    // Nothing moves on a connection for so long only when its peer does not read the answer.
    connectionTimeout: config.PADLOCK_REQUEST_DEADLINE_MS * 2,
    keepAliveTimeout: restMs,
    trustProxy: config.PADLOCK_TRUST_PROXY?.split(',').map((proxy) => proxy.trim()) ?? false,
    ...listenerOptions(deps.tls, node, reading.timeoutMs),
    return503OnClosing: false,
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true },
    },
    routerOptions: { maxParamLength: 128 },
    clientErrorHandler: connections.clientError,
    frameworkErrors: connections.frameworkError,
  })
  app.decorate('drain', new Drain(app.server))
  const methodsOf = knownMethods(app)
  reportOutcomes(app, deps.metrics)
  profileMetrics(deps.metrics.registry, () => deps.profiles.status())
  if (deps.tracing !== undefined) traceRequests(app, deps.tracing)
  if (deps.tls !== undefined) serveTls(app, deps.tls, deps.metrics)
  connections.watch(app)
  surviveAcceptErrors(app)
  securityHeaders(app, deps.tls !== undefined)
  // Async: what it refuses is answered after Node's parser has seen the rest, so that no second answer follows.
  app.addHook('onRequest', async (request) => checkRequestHead(request))
  await app.register(accepts)
  await shedLoad(app, deps)
  await describeApi(app)

  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => parseJsonBody(body),
  )

  const limits = await createLimits(app, {
    callerPerSecond: config.PADLOCK_RATE_LIMIT_PER_SECOND,
    refusalsPerMinute: config.PADLOCK_REFUSALS_PER_MINUTE,
    redis: deps.redis,
    log: deps.log,
    redisServes: deps.metrics.redisServes,
  })
  app.setErrorHandler(async (error, request, reply) => {
    // Its body will never be whole, and nobody is there to be told.
    if (request.raw.aborted) return reply.hijack()
    let problem = asPadlockError(error)
    if (problem.status === 401 || problem.status === 404) {
      await limits.refusal(request).catch((limited: unknown) => {
        problem = asPadlockError(limited)
      })
    }
    return sendProblem(problem, request, reply)
  })
  // Here and not in the not-found handler, before which Fastify would read and judge the body.
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done()
    const methods = methodsOf(request.url)
    if (methods === undefined) return done(new PadlockError('not_found'))
    reply.header('Allow', methods.join(', '))
    return done(new PadlockError('method_not_allowed'))
  })
  app.setNotFoundHandler(() => {
    throw new PadlockError('not_found')
  })

  const authenticate = await callerAuth(app, {
    keys: deps.callerKeys,
    issuer: config.PADLOCK_CALLER_ISSUER,
    audience: config.PADLOCK_CALLER_AUDIENCE,
    clockToleranceSeconds: config.PADLOCK_CALLER_CLOCK_TOLERANCE_SECONDS,
    maxLifeSeconds: config.PADLOCK_CALLER_MAX_LIFE_SECONDS,
  })
  await app.register(tokenRoutes, { ...deps, authenticate, limits })
  await app.register(keyRoutes, deps)
  await app.register(healthRoutes, deps)
  await app.register(metricsRoute, deps)
  await app.register(docsPage)
  return app
}
