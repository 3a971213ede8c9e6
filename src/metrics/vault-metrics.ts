import { Counter, Gauge, type Registry } from 'prom-client'
import { errorCodes } from '../errors.ts'
import type { SessionState } from '../vault/session.ts'

/** Where the metrics of Vault read what they show. */
export interface VaultMetricsSources {
  session: { state(): SessionState }
  clock: { readonly offsetSeconds: number | undefined }
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
  for (const result of ['ok', ...codes]) counter.inc({ result }, 0)
  return counter
}

/** How long the login still lives, and how far the clocks are apart; without a sample where there is nothing to show. */
export function vaultMetrics(registry: Registry, { session, clock }: VaultMetricsSources): void {
  const gauge = (name: string, help: string, value: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const now = value()
        if (now === undefined) this.remove()
        else this.set(now)
      },
    })
  gauge(
    'padlock_vault_token_ttl_seconds',
    "Seconds until the session's Vault token ends without renewal; +Inf for never, 0 while there is none",
    () => session.state().tokenTtlSeconds ?? 0,
  )
  gauge(
    'padlock_vault_secret_id_ttl_seconds',
    'Seconds until the secret_id of an AppRole login ends; +Inf for never, 0 where it does not work any more',
    () => session.state().secretIdTtlSeconds,
  )
  gauge(
    'padlock_vault_clock_offset_seconds',
    "Seconds by which Vault's clock is ahead of this machine's; negative where it is behind",
    () => clock.offsetSeconds,
  )
}
