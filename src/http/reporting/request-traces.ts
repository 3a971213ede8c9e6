import type { FastifyInstance } from 'fastify'
import type { Tracing } from '../../tracing/tracing.ts'
import { quietRoutes, reportOf } from './request-report.ts'

/**
 * Traces every request but those of probes and of Prometheus. The lines of a request in the log then have `trace_id`
 * and `span_id` (OpenTelemetry, "Trace Context in non-OTLP Log Formats"). Call it after `logRequests`.
 */
export function traceRequests(app: FastifyInstance, tracing: Tracing): void {
  app.addHook('onRequest', async (request, { raw }) => {
    const { method, headers } = request
    // Behind a trusted proxy, `protocol` is whatever X-Forwarded-Proto has.
    const scheme = request.protocol === 'https' ? 'https' : 'http'
    const route = request.routeOptions.url
    if (route !== undefined && quietRoutes.has(route)) {
      return
    }
    const traceparent = typeof headers.traceparent === 'string' ? headers.traceparent : undefined
    const trace = tracing.request({ method, scheme, route, traceparent })
    request.trace = trace
    request.log = request.log.child({ trace_id: trace.context.traceId, span_id: trace.context.spanId })
    raw.once('close', () => {
      const { status, code, profile, keyVersion } = reportOf(request, raw)
      trace.end({ status, code, requestId: request.id, profile, keyVersion })
    })
  })
}
