import { Histogram, type Registry } from 'prom-client'
import type { SignObserver } from '../vault/signing/observation.ts'
import { readGauge } from './read-metrics.ts'

/** Upper bounds, in seconds, of histograms of times: a millisecond to more than the deadline. */
export const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5]

/** How signatures come and go. */
export function signingMetrics(registry: Registry): SignObserver {
  const now = { waiting: 0, calls: 0 }
  readGauge(
    registry,
    'padlock_sign_queue_length',
    'Signatures that wait for a call to Vault',
    () => now.waiting,
  )
  readGauge(
    registry,
    'padlock_sign_calls_in_flight',
    'Signing calls to Vault that are not answered yet',
    () => now.calls,
  )
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
      for (const ms of waitsMs) {
        wait.observe(ms / 1000)
      }
    },
    answered: (durationMs, code) => duration.observe({ code }, durationMs / 1000),
  }
}
