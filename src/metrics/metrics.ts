import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { build } from '../build.ts'
import { callerFaults, errorCodes } from '../errors.ts'
import { durationBuckets, signingMetrics } from './signing-metrics.ts'
import { loginsCounter } from './vault-metrics.ts'

/** Node's own gauges that are named like counters, which promtool refuses; their parts by type stay. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

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
  for (const code of ['ok', 'aborted', 'not_ready', ...Object.keys(errorCodes)]) {
    counter.inc({ code }, 0)
  }
  return counter
}

function callerRefusalCounter(registry: Registry): Counter<'fault'> {
  const counter = new Counter({
    name: 'padlock_caller_refusals_total',
    help: 'Requests whose caller was refused, by what is wrong with its JWT (docs/callers.md)',
    labelNames: ['fault'],
    registers: [registry],
  })
  for (const fault of callerFaults) {
    counter.inc({ fault }, 0)
  }
  return counter
}

/** What Padlock counts as it happens; no label ever holds what a caller made up. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of misnamed) {
    registry.removeSingleMetric(name)
  }
  buildMetric(registry)
  return {
    registry,
    signing: signingMetrics(registry),
    vaultLogins: loginsCounter(registry),
    tokensIssued: new Counter({
      name: 'padlock_tokens_issued_total',
      help: 'Tokens issued',
      labelNames: ['profile', 'key_version'],
      registers: [registry],
    }),
    requests: requestCounter(registry),
    pipelined: new Counter({
      name: 'padlock_pipelined_connections_total',
      help: 'Connections that were ended with the answer under way, since more was sent on them before it came',
      registers: [registry],
    }),
    callerRefusals: callerRefusalCounter(registry),
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
