import type { Registry } from 'prom-client'
import { readCounter, readGauge } from './read-metrics.ts'

/** How the issuance log is. */
export interface IssuanceSource {
  status(): { error: string | undefined; waiting: number; lost: number }
}

/** Whether the issuance log is written, and how many lines it has lost. */
export function issuanceMetrics(registry: Registry, issuance: IssuanceSource): void {
  readGauge(
    registry,
    'padlock_issuance_log_up',
    'Whether the issuance log can be written',
    () => issuance.status().error === undefined,
  )
  readGauge(
    registry,
    'padlock_issuance_log_waiting_lines',
    'Lines of the issuance log that are not written yet',
    () => issuance.status().waiting,
  )
  readCounter(
    registry,
    'padlock_issuance_log_lost_lines_total',
    'Lines of the issuance log that were lost, since too many waited',
    () => issuance.status().lost,
  )
}
