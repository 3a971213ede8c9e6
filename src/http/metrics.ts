import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { TransitSignerObserver } from '../vault/transit-signer.ts'

/** How signatures come and go. */
function signingMetrics(registry: Registry): TransitSignerObserver {
  const now = { waiting: 0, calls: 0 }
  new Gauge({
    name: 'padlock_sign_queue_length',
    help: 'Signatures that wait for a call to Vault',
    registers: [registry],
    collect() {
      this.set(now.waiting)
    },
  })
  new Gauge({
    name: 'padlock_sign_calls_in_flight',
    help: 'Signing calls to Vault that are not answered yet',
    registers: [registry],
    collect() {
      this.set(now.calls)
    },
  })
  const batchSize = new Histogram({
    name: 'padlock_sign_batch_size',
    help: 'Signatures asked for in one call to Vault',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [registry],
  })
  const wait = new Histogram({
    name: 'padlock_sign_wait_seconds',
    help: 'Time that a signature waited before its call left',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    registers: [registry],
  })
  const duration = new Histogram({
    name: 'padlock_sign_call_duration_seconds',
    help: 'Time that a signing call to Vault took, by code: `ok` or a code of the contract',
    labelNames: ['code'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    registers: [registry],
  })
  return {
    changed(waiting, calls) {
      now.waiting = waiting
      now.calls = calls
    },
    sent(waitsMs) {
      batchSize.observe(waitsMs.length)
      for (const ms of waitsMs) wait.observe(ms / 1000)
    },
    answered: (durationMs, code) => duration.observe({ code }, durationMs / 1000),
  }
}

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

/** What Padlock counts, in the Prometheus text format; no label ever holds what a caller made up. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    signing: signingMetrics(registry),
    redisServes: redisMetric(registry),
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
