import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { build } from '../build.ts'
import { errorCodes } from '../errors.ts'
import { durationBuckets } from './duration-buckets.ts'
import { readinessMetrics } from './readiness-metrics.ts'
import { signingMetrics } from './signing-metrics.ts'
import { loginsCounter } from './vault-metrics.ts'

/** Whether Redis counts the callers; there is no such metric where none is asked to. */
function redisMetric(registry: Registry): (serves: boolean) => void {
  let gauge: Gauge | undefined
  return (serves) => {
    gauge ??= new Gauge({
      name: 'padlock_rate_limit_redis_up',
      help: 'Whether the callers of all instances are counted together in Redis',
      registers: [registry],
    })
    gauge.set(serves ? 1 : 0)
  }
}

/** What runs, as labels of a metric that is always 1. */
function buildMetric(registry: Registry): void {
  const { version, node, unicode } = build
  new Gauge({
    name: 'padlock_build_info',
    help: 'What runs: Padlock, Node, and the Unicode tables that the rules of a userId are read from',
    labelNames: ['version', 'node', 'unicode'],
    registers: [registry],
  }).set({ version, node, unicode: unicode ?? 'none' }, 1)
}

function requestCounter(registry: Registry): Counter<'code'> {
  const counter = new Counter({
    name: 'padlock_requests_total',
    help: 'Requests, by code: `ok`, a code of the contract, `aborted` by the caller, `not_ready` to a health check',
    labelNames: ['code'],
    registers: [registry],
  })
  // From nothing to one is no increase to Prometheus, and of some codes one is too many.
  for (const code of ['ok', 'aborted', 'not_ready', ...Object.keys(errorCodes)]) counter.inc({ code }, 0)
  return counter
}

/** What Padlock counts, in the Prometheus text format; no label ever holds what a caller made up. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  buildMetric(registry)
  return {
    registry,
    signing: signingMetrics(registry),
    redisServes: redisMetric(registry),
    reportReadiness: readinessMetrics(registry),
    vaultLogins: loginsCounter(registry),
    tokensIssued: new Counter({
      name: 'padlock_tokens_issued_total',
      help: 'Tokens issued',
      labelNames: ['profile', 'key_version'],
      registers: [registry],
    }),
    requests: requestCounter(registry),
    logLinesDropped: new Counter({
      name: 'padlock_log_lines_dropped_total',
      help: 'Lines of the log that were dropped, since whoever reads it did not keep up',
      registers: [registry],
    }),
    requestDuration: new Histogram({
      name: 'padlock_request_duration_seconds',
      help: 'Time from the head of a request to the end of its answer',
      labelNames: ['route'],
      buckets: durationBuckets,
      registers: [registry],
    }),
    sharedUserIdAlarms: new Gauge({
      name: 'padlock_shared_user_id_alarm',
      help: 'userIds that are in too many of the recent requests, now',
      labelNames: ['profile'],
      registers: [registry],
    }),
    sharedUserIdShare: new Gauge({
      name: 'padlock_shared_user_id_share',
      help: "Part of the recent requests that carries the most frequent userId; 0 below the profile's minimum",
      labelNames: ['profile'],
      registers: [registry],
    }),
  }
}

export type Metrics = ReturnType<typeof createMetrics>
