import { Counter, Gauge, type Registry } from 'prom-client'
import { errorCodes } from '../errors.ts'
import type { SessionState } from '../vault/session/session.ts'
import type { BreakerState } from '../vault/signing/breaker.ts'
import { readGauge } from './read-metrics.ts'

/** What is known of Vault. */
export interface VaultSources {
  session: { state(): SessionState }
  clock: { readonly offsetSeconds: number | undefined }
  breaker: { readonly state: BreakerState }
}

/** Logins to Vault, by how they ended. */
export function loginsCounter(registry: Registry): Counter<'result'> {
  const counter = new Counter({
    name: 'padlock_vault_logins_total',
    help: 'Logins to Vault, or looks at a token that was given, by result: `ok` or a code of the contract',
    labelNames: ['result'],
    registers: [registry],
  })
  // From nothing to one is no increase to Prometheus.
  const codes = Object.keys(errorCodes).filter((code) => code.startsWith('vault_'))
  for (const result of ['ok', ...codes]) {
    counter.inc({ result }, 0)
  }
  return counter
}

const breakerStates: BreakerState[] = ['closed', 'half_open', 'open']

/** How long the login still lives, how far the clocks are apart, and whether calls are let through. */
export function vaultMetrics(registry: Registry, { session, clock, breaker }: VaultSources): void {
  readGauge(
    registry,
    'padlock_vault_token_ttl_seconds',
    "Seconds until the session's Vault token ends without renewal; +Inf for never, 0 while there is none",
    () => {
      const { loggedIn, tokenTtlSeconds } = session.state()
      return loggedIn ? tokenTtlSeconds : 0
    },
  )
  readGauge(
    registry,
    'padlock_vault_secret_id_ttl_seconds',
    'Seconds until the secret_id of an AppRole login ends; +Inf for never, 0 where it does not work any more',
    () => session.state().secretIdTtlSeconds,
  )
  readGauge(
    registry,
    'padlock_vault_clock_offset_seconds',
    "Seconds by which Vault's clock is ahead of this machine's; negative where it is behind",
    () => clock.offsetSeconds,
  )
  // As an OpenMetrics state set.
  new Gauge({
    name: 'padlock_vault_breaker_state',
    help: 'Whether calls to Vault are let through (closed), tried singly (half_open), or refused (open)',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      for (const state of breakerStates) {
        this.set({ state }, breaker.state === state ? 1 : 0)
      }
    },
  })
}
