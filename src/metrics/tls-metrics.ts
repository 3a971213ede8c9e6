import { Gauge, type Registry } from 'prom-client'
import { readCounter, readGauge } from './read-metrics.ts'

/** How the listener's TLS is. */
export interface TlsSource {
  /** until each is no longer good, negative from then on */
  secondsLeft(): { server: number; client_ca?: number }
  /** why the files as they are now are not in use */
  state(): { problem?: string }
  readonly failedHandshakes: number
}

/** Metrics of the listener's TLS. */
export function tlsMetrics(registry: Registry, tls: TlsSource): void {
  new Gauge({
    name: 'padlock_tls_certificate_expiry_seconds',
    help: "Seconds until the first certificate ends of the listener's chain (`server`) or the clients' CAs (`client_ca`)",
    labelNames: ['certificate'],
    registers: [registry],
    collect() {
      for (const [certificate, seconds] of Object.entries(tls.secondsLeft())) {
        this.set({ certificate }, seconds)
      }
    },
  })
  readGauge(
    registry,
    'padlock_tls_last_reload_successful',
    'Whether the TLS files as they are now are in use (1), or the last good ones (0)',
    () => tls.state().problem === undefined,
  )
  readCounter(
    registry,
    'padlock_tls_handshake_failures_total',
    'Connections that ended before their TLS handshake did, also those without a client certificate that was required',
    () => tls.failedHandshakes,
  )
}
