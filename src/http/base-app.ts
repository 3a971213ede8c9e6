import { randomUUID } from 'node:crypto'
import accepts from '@fastify/accepts'
import fastify, { type FastifyInstance, LogController } from 'fastify'
import { trustedProxies } from '../config/trusted-proxies.ts'
import { connectionErrors, surviveAcceptErrors } from './connections/connection-errors.ts'
import { Drain } from './connections/drain.ts'
import { OneAtATime } from './connections/one-at-a-time.ts'
import { parseBodies } from './contract/body-parser.ts'
import { bodyLimitBytes } from './contract/json-body.ts'
import { answerUnknown, knownMethods } from './contract/methods.ts'
import { describeLengths } from './contract/named-schemas.ts'
import { answerProblems } from './contract/problem.ts'
import { checkRequestHead } from './contract/request-head.ts'
import { securityHeaders } from './contract/security-headers.ts'
import type { AppDeps } from './deps.ts'
import { refusalLimit } from './limits/limits.ts'
import { logRequests } from './reporting/request-log.ts'
import { traceRequests } from './reporting/request-traces.ts'
import { decorateRequests } from './request.ts'
import type { Audience } from './tls/tls-listener.ts'
import { listenerOptions, serveTls } from './tls/tls-server.ts'

/** Largest head of a request in bytes: room for a bearer token that is too long, which then gets its own error. */
const maxHeaderBytes = 64 * 1024

/** How long a connection may rest between two requests, in milliseconds: longer than balancers keep theirs. */
const restMs = 72_000

/** What the base of an app needs. */
type BaseDeps = Pick<AppDeps, 'config' | 'log' | 'metrics' | 'tracing' | 'tls'>

/** Makes Fastify and what stands around its connections; nothing is answered yet. */
function createServer(
  { config, log, metrics, tls }: BaseDeps,
  headers: Record<string, string>,
  audience: Audience,
) {
  const turns = new OneAtATime(() => metrics.pipelined.inc())
  const connections = connectionErrors({
    ...{ metrics, turns, headers, restMs },
    methodsOf: (path) => methodsOf(path),
  })
  const deadlineMs = config.PADLOCK_REQUEST_DEADLINE_MS
  // How often it is looked at whether a request has arrived, and how long it may take: together, the deadline.
  const checkMs = Math.min(250, Math.ceil(deadlineMs / 8))
  const arrivalMs = deadlineMs - checkMs
  const node = {
    ...turns.options(),
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: arrivalMs,
    connectionsCheckingInterval: checkMs,
    // checkRequestHead does it: Node's own answer is a bare status.
    requireHostHeader: false,
  }
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: arrivalMs,
    // Nothing moves on a connection for so long only when its peer does not read the answer.
    connectionTimeout: deadlineMs * 2,
    keepAliveTimeout: restMs,
    trustProxy: config.PADLOCK_TRUST_PROXY === undefined ? false : trustedProxies(config.PADLOCK_TRUST_PROXY),
    ...listenerOptions(tls, node, arrivalMs, audience),
    return503OnClosing: false,
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: true },
      onCreate: describeLengths,
    },
    routerOptions: { maxParamLength: 128 },
    clientErrorHandler: connections.clientError,
    frameworkErrors: connections.frameworkError,
  })
  const methodsOf = knownMethods(app)
  app.decorate('drain', new Drain(app.server))
  return { app, turns, connections, methodsOf }
}

/**
 * Builds what all listeners have in common, without a route: limits of connections and heads, checks of requests, log,
 * traces, refusals. Every Fastify option is set here, for production and tests alike.
 *
 * @param audience whom it listens for
 * @param guard what sees requests before Fastify does; it is given the headers that every answer has
 */
export async function buildBase(
  deps: BaseDeps,
  audience: Audience,
  guard: (app: FastifyInstance, headers: Record<string, string>) => Promise<void> = async () => {},
): Promise<FastifyInstance> {
  const { config, metrics, tracing, tls } = deps
  const headers = securityHeaders(tls !== undefined)
  const { app, turns, connections, methodsOf } = createServer(deps, headers, audience)
  decorateRequests(app)
  logRequests(app, metrics)
  if (tracing !== undefined) {
    traceRequests(app, tracing)
  }
  if (tls !== undefined) {
    serveTls(app, tls)
  }
  connections.watch(app)
  surviveAcceptErrors(app)
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers).header('X-Request-Id', request.id)
    done()
  })
  app.addHook('onRequest', async (request) => checkRequestHead(request))
  await app.register(accepts)
  await guard(app, headers)
  turns.watch(app.server)
  parseBodies(app, ({ raw }) => turns.readSinceHead(raw.socket))
  answerProblems(app, await refusalLimit(app, config.PADLOCK_REFUSALS_PER_MINUTE))
  answerUnknown(app, methodsOf)
  return app
}
