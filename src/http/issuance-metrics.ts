import { Counter, Gauge, type Registry } from 'prom-client'
import type { Issuance } from '../audit/issuance.ts'

/** Whether the issuance log is written, and how many lines it has lost. */
export function issuanceMetrics(registry: Registry, issuance: Issuance): void {
  new Gauge({
    name: 'padlock_issuance_log_up',
    help: 'Whether the issuance log can be written',
    registers: [registry],
    collect() {
      this.set(issuance.log.state().error === undefined ? 1 : 0)
    },
  })
  new Gauge({
    name: 'padlock_issuance_log_waiting_lines',
    help: 'Lines of the issuance log that are not written yet',
    registers: [registry],
    collect() {
      this.set(issuance.log.state().waiting)
    },
  })
  new Counter({
    name: 'padlock_issuance_log_lost_lines_total',
    help: 'Lines of the issuance log that were lost, since too many waited',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(issuance.log.state().lost)
    },
  })
}
