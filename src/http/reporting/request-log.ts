import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CallerFault } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import { countedReport } from './counted-report.ts'
import { quietRoutes, reportOf } from './request-report.ts'

/** Most lines of refused callers in a second: who has no good token must not fill the log. */
const refusalLines = 100

/** Whether one more refused caller gets a line of its own; those that get none are counted in one line a second. */
function boundedRefusals(log: Log): (fault: CallerFault) => boolean {
  const passedOver = countedReport<CallerFault>((count, callerFault) => {
    log.info({ count, callerFault }, 'more requests of refused callers, the first for this fault')
  })
  let [since, lines] = [0, 0]
  return (fault) => {
    const now = performance.now()
    if (now - since >= 1_000) {
      ;[since, lines] = [now, 0]
    }
    lines += 1
    if (lines > refusalLines) {
      passedOver(fault)
    }
    return lines <= refusalLines
  }
}

const toTenths = (ms: number): number => Math.round(ms * 10) / 10

/** Logs and counts a request when it has its answer, or its caller has hung up before. */
export function logRequest(
  request: FastifyRequest,
  { raw }: FastifyReply,
  metrics: Metrics,
  isLogged: (fault: CallerFault) => boolean = () => true,
): void {
  const start = performance.now()
  // Not Fastify's onResponse, which does not run where a caller has hung up, though Vault may have signed for it.
  raw.once('close', () => {
    const durationMs = performance.now() - start
    const { status, signMs, ...report } = reportOf(request, raw)
    const { code = 'ok', callerFault } = report
    const route = request.routeOptions.url ?? 'none'
    metrics.requests.inc({ code })
    metrics.requestDuration.observe({ route }, durationMs / 1000)
    if (callerFault !== undefined) {
      metrics.callerRefusals.inc({ fault: callerFault })
      if (!isLogged(callerFault)) {
        return
      }
    }
    const level = status !== undefined && status >= 500 ? 'warn' : quietRoutes.has(route) ? 'debug' : 'info'
    request.log[level](
      {
        method: request.method,
        route,
        ...(status === undefined ? { aborted: true } : { status }),
        ...report,
        code: report.code === 'aborted' ? undefined : report.code,
        durationMs: toTenths(durationMs),
        signMs: signMs === undefined ? undefined : toTenths(signMs),
      },
      'request',
    )
  })
}

/** Logs and counts every request of an app. `reqId` is the correlation id in Vault's audit log. */
export function logRequests(app: FastifyInstance, metrics: Metrics): void {
  const isLogged = boundedRefusals(app.log)
  app.addHook('onRequest', (request, reply, done) => {
    logRequest(request, reply, metrics, isLogged)
    done()
  })
}
