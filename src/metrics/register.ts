import type { Registry } from 'prom-client'
import type { ProfileStatus } from '../vault/profiles/profile-registry.ts'
import { type IssuanceSource, issuanceMetrics } from './issuance-metrics.ts'
import { profileMetrics } from './profile-metrics.ts'
import { readCounter, readGauge } from './read-metrics.ts'
import { type ReadinessSource, readinessMetrics } from './readiness-metrics.ts'
import { type TlsSource, tlsMetrics } from './tls-metrics.ts'
import { type VaultSources, vaultMetrics } from './vault-metrics.ts'

/** What metrics are read from; there are none of what is not there. */
export interface MetricsSources extends VaultSources {
  log: { readonly dropped: number }
  profiles: { status(): ProfileStatus[] }
  readiness(): ReadinessSource
  issuance?: IssuanceSource | undefined
  /** where the callers of all instances are counted together; undefined where none is counted */
  redis?: { readonly serves?: boolean } | undefined
  tls?: TlsSource | undefined
}

/** Registers every metric that is read when Prometheus asks; `createMetrics` has those that are counted as it happens. */
export function registerMetrics(registry: Registry, sources: MetricsSources): void {
  const { log, profiles, readiness, issuance, redis, tls } = sources
  vaultMetrics(registry, sources)
  profileMetrics(registry, profiles)
  readinessMetrics(registry, readiness)
  readCounter(
    registry,
    'padlock_log_lines_dropped_total',
    'Lines of the log that were dropped because their reader did not keep up',
    () => log.dropped,
  )
  if (issuance !== undefined) {
    issuanceMetrics(registry, issuance)
  }
  if (redis !== undefined) {
    readGauge(
      registry,
      'padlock_rate_limit_redis_up',
      'Whether the callers of all instances are counted together in Redis',
      () => redis.serves,
    )
  }
  if (tls !== undefined) {
    tlsMetrics(registry, tls)
  }
}
