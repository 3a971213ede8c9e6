import { Gauge, type Registry } from 'prom-client'
import type { BreakerState, VaultBreaker } from '../vault/vault-breaker.ts'

const states: BreakerState[] = ['closed', 'half_open', 'open']

/** `padlock_vault_breaker_state`, as an OpenMetrics state set: 1 for the state that the breaker is in. */
export function breakerMetric(registry: Registry, breaker: Pick<VaultBreaker, 'state'>): void {
  new Gauge({
    name: 'padlock_vault_breaker_state',
    help: 'Whether calls to Vault are let through (closed), tried singly (half_open), or refused (open)',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      for (const state of states) this.set({ state }, breaker.state === state ? 1 : 0)
    },
  })
}
