import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorCodes } from '../errors.ts'
import type { Metrics } from './metrics.ts'

/** What is logged of a request beside its status: nothing of the visitor. */
export interface Outcome {
  code?: ErrorCode
  profile?: string
  sub?: string
  keyVersion?: number
  auditId?: string
  /** of the call to Vault that asked for the signature: all tokens of a batch have the same */
  correlationId?: string
  /** milliseconds that the signature took, the wait for it included */
  signMs?: number
}

declare module 'fastify' {
  interface FastifyRequest {
    outcome: Outcome
  }
}

const quietRoutes: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/metrics'])
const toTenths = (ms: number): number => Math.round(ms * 10) / 10

/** Writes one log line when a request has its answer, or its caller has hung up before, and counts it. */
export function reportOutcome(request: FastifyRequest, { raw }: FastifyReply, metrics: Metrics): void {
  request.outcome = {}
  const start = performance.now()
  // Not Fastify's onResponse: it tells nothing of a caller that hung up, though Vault may have signed for it.
  raw.once('close', () => {
    const durationMs = performance.now() - start
    const { signMs, ...outcome } = request.outcome
    const route = request.routeOptions.url ?? 'none'
    const aborted = !raw.writableFinished && outcome.code === undefined
    const status = outcome.code === undefined ? raw.statusCode : errorCodes[outcome.code].status
    metrics.requests.inc({ code: outcome.code ?? (aborted ? 'aborted' : 'ok') })
    metrics.requestDuration.observe({ route }, durationMs / 1000)
    const line = {
      method: request.method,
      route,
      ...(aborted ? { aborted } : { status }),
      ...outcome,
      durationMs: toTenths(durationMs),
      ...(signMs === undefined ? {} : { signMs: toTenths(signMs) }),
    }
    const level = status >= 500 ? 'warn' : quietRoutes.has(route) ? 'debug' : 'info'
    request.log[level](line, 'request')
  })
}

/** Reports every request of an app. `reqId` is the correlation id in Vault's audit log. */
export function reportOutcomes(app: FastifyInstance, metrics: Metrics): void {
  app.decorateRequest('outcome', null as unknown as Outcome)
  app.addHook('onRequest', async (request, reply) => reportOutcome(request, reply, metrics))
}
