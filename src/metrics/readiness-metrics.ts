import { Gauge, type Registry } from 'prom-client'
import { readGauge } from './read-metrics.ts'

/** What `/health/ready` says, as far as it is counted. */
export interface ReadinessSource {
  status: 'ready' | 'degraded' | 'unavailable'
  components: Readonly<Record<string, { status: 'ok' | 'degraded' | 'unavailable' }>>
}

/** What `/health/ready` says, for those who look at many instances at once. */
export function readinessMetrics(registry: Registry, readiness: () => ReadinessSource): void {
  readGauge(
    registry,
    'padlock_ready',
    'Whether tokens can be issued, for some profiles at least, as /health/ready says',
    () => readiness().status !== 'unavailable',
  )
  new Gauge({
    name: 'padlock_component_up',
    help: 'Whether a component of /health/ready is not unavailable',
    labelNames: ['component'],
    registers: [registry],
    collect() {
      for (const [component, { status }] of Object.entries(readiness().components)) {
        this.set({ component }, status === 'unavailable' ? 0 : 1)
      }
    },
  })
}
