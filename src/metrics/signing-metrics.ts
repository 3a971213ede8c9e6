import { Gauge, Histogram, type Registry } from 'prom-client'
import type { TransitSignerObserver } from '../vault/transit-signer.ts'
import { durationBuckets } from './duration-buckets.ts'

/** How signatures come and go. */
export function signingMetrics(registry: Registry): TransitSignerObserver {
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
    buckets: durationBuckets,
    registers: [registry],
  })
  const duration = new Histogram({
    name: 'padlock_sign_call_duration_seconds',
    help: 'Time that a signing call to Vault took, by code: `ok` or a code of the contract',
    labelNames: ['code'],
    buckets: durationBuckets,
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
