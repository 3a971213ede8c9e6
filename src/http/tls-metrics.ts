import { Counter, Gauge, type Registry } from 'prom-client'
import type { TlsListener } from './tls-listener.ts'

/**
 * Metrics of the listener's TLS; there are none where Padlock speaks plain HTTP.
 *
 * @returns what is to be called for each handshake that failed
 */
export function tlsMetrics(registry: Registry, tls: TlsListener): () => void {
  new Gauge({
    name: 'padlock_tls_certificate_expiry_seconds',
    help: "Seconds until the first certificate ends of the listener's chain (`server`) or the clients' CAs (`client_ca`)",
    labelNames: ['certificate'],
    registers: [registry],
    collect() {
      for (const [certificate, seconds] of Object.entries(tls.secondsLeft()))
        this.set({ certificate }, seconds)
    },
  })
  new Gauge({
    name: 'padlock_tls_last_reload_successful',
    help: 'Whether the TLS files as they are now are in use (1), or the last good ones (0)',
    registers: [registry],
    collect() {
      this.set(tls.state().problem === undefined ? 1 : 0)
    },
  })
  const failures = new Counter({
    name: 'padlock_tls_handshake_failures_total',
    help: 'Connections that ended before their TLS handshake did, be it for want of a client certificate',
    registers: [registry],
  })
  return () => failures.inc()
}
