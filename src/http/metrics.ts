import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What Padlock counts, in the Prometheus text format; no label ever holds what a caller made up. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    tokensIssued: new Counter({
      name: 'padlock_tokens_issued_total',
      help: 'Tokens issued',
      labelNames: ['profile', 'key_version'],
      registers: [registry],
    }),
    requests: new Counter({
      name: 'padlock_requests_total',
      help: 'Requests, by code: `ok`, a code of the contract, or `aborted` by the caller',
      labelNames: ['code'],
      registers: [registry],
    }),
    requestDuration: new Histogram({
      name: 'padlock_request_duration_seconds',
      help: 'Time from the head of a request to the end of its answer',
      labelNames: ['route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
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
