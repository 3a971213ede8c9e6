import type { FastifyInstance } from 'fastify'
import type { Metrics } from './metrics.ts'

/** What is logged of a request beside its status: nothing of the visitor. */
export interface Outcome {
  code?: string
  profile?: string
  sub?: string
  keyVersion?: number
  auditId?: string
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

/** Writes one log line for each request, and counts it. `reqId` is the correlation id in Vault's audit log. */
export function reportOutcomes(app: FastifyInstance, metrics: Metrics): void {
  app.decorateRequest('outcome', null as unknown as Outcome)
  app.addHook('onRequest', async (request) => {
    request.outcome = {}
  })
  app.addHook('onResponse', async (request, reply) => {
    const { signMs, ...outcome } = request.outcome
    const route = request.routeOptions.url ?? 'none'
    metrics.requests.inc({ code: outcome.code ?? 'ok' })
    metrics.requestDuration.observe({ route }, reply.elapsedTime / 1000)
    const line = {
      method: request.method,
      route,
      status: reply.statusCode,
      ...outcome,
      durationMs: toTenths(reply.elapsedTime),
      ...(signMs === undefined ? {} : { signMs: toTenths(signMs) }),
    }
    const level = reply.statusCode >= 500 ? 'warn' : quietRoutes.has(route) ? 'debug' : 'info'
    request.log[level](line, 'request')
  })
}
