import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorCodes } from '../errors.ts'
import type { Metrics } from './metrics.ts'

/** What is logged of a request beside its status: nothing of the visitor. */
export interface Outcome {
  /** what went wrong; `not_ready` is no error of a request, but what `/health/ready` told */
  code?: ErrorCode | 'not_ready'
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

/** Asked for by probes and by Prometheus, all the time. */
export const quietRoutes: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/metrics'])

/** What a request was answered, once its answer is closed: no status where its caller hung up before. */
export function answerOf({ code }: Outcome, answer: ServerResponse) {
  if (code === 'not_ready') return { code, status: 503 }
  // Also for a caller that hung up before the answer was out.
  if (code !== undefined) return { code, status: errorCodes[code].status }
  if (!answer.writableFinished) return { code: 'aborted' as const, status: undefined }
  return { code: undefined, status: answer.statusCode }
}

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
    const { code = 'ok', status } = answerOf(outcome, raw)
    metrics.requests.inc({ code })
    metrics.requestDuration.observe({ route }, durationMs / 1000)
    const line = {
      method: request.method,
      route,
      ...(status === undefined ? { aborted: true } : { status }),
      ...outcome,
      durationMs: toTenths(durationMs),
      ...(signMs === undefined ? {} : { signMs: toTenths(signMs) }),
    }
    const level = status !== undefined && status >= 500 ? 'warn' : quietRoutes.has(route) ? 'debug' : 'info'
    request.log[level](line, 'request')
  })
}

/** Reports every request of an app. `reqId` is the correlation id in Vault's audit log. */
export function reportOutcomes(app: FastifyInstance, metrics: Metrics): void {
  app.decorateRequest('outcome', null as unknown as Outcome)
  app.addHook('onRequest', (request, reply, done) => {
    reportOutcome(request, reply, metrics)
    done()
  })
}
