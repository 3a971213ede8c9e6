import { Gauge, type Registry } from 'prom-client'

/** What readiness says, as far as it is counted. */
export interface Readiness {
  status: 'ready' | 'degraded' | 'unavailable'
  components: Readonly<Record<string, { status: 'ok' | 'degraded' | 'unavailable' }>>
}

/** What `/health/ready` says, for those who look at many instances at once. It is asked when Prometheus asks. */
export function readinessMetrics(registry: Registry): (source: () => Readiness) => void {
  return (source) => {
    new Gauge({
      name: 'padlock_ready',
      help: 'Whether tokens can be issued, for some profiles at least, as /health/ready says',
      registers: [registry],
      collect() {
        this.set(source().status === 'unavailable' ? 0 : 1)
      },
    })
    new Gauge({
      name: 'padlock_component_up',
      help: 'Whether a component of /health/ready is not unavailable',
      labelNames: ['component'],
      registers: [registry],
      collect() {
        for (const [component, { status }] of Object.entries(source().components)) {
          this.set({ component }, status === 'unavailable' ? 0 : 1)
        }
      },
    })
  }
}
