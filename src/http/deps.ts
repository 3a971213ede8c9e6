import type { Config } from '../config/schema.ts'
import type { Issuance } from '../issuance/issuance.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Admission } from '../token/signer.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { VaultClock } from '../vault/clock.ts'
import type { VaultHealth } from '../vault/health.ts'
import type { ProfileRegistry } from '../vault/profiles/profile-registry.ts'
import type { VaultSession } from '../vault/session/session.ts'
import type { CallerKeys } from './callers/caller-keys.ts'
import type { SharedRedis } from './limits/limits.ts'
import type { ObservableSigner } from './reporting/observed-signer.ts'
import type { TlsListener } from './tls/tls-listener.ts'

/** What the app is made of. */
export interface AppDeps {
  config: Config
  log: Log
  session: VaultSession
  health: VaultHealth
  clock: VaultClock
  profiles: ProfileRegistry
  signer: ObservableSigner & Admission
  callerKeys: CallerKeys
  metrics: Metrics
  /** where each token is on record */
  issuance?: Issuance | undefined
  /** undefined while traces are off */
  tracing?: Tracing | undefined
  /** where several instances count callers together */
  redis?: SharedRedis | undefined
  /** without it, plain HTTP */
  tls?: TlsListener | undefined
}
