import { unknownVariables } from '../../config/config.ts'
import { reportedSwitches } from '../../config/platform-switches.ts'
import type { Config } from '../../config/schema.ts'
import { isTracingOn, unfollowedVariables, unknownTracingValues } from '../../config/tracing.ts'
import { isTokenUnused } from '../../config/vault-auth.ts'
import type { Log } from '../../log.ts'

/** Logs the names of variables that are set and have no effect. */
export function reportUnusedVariables(config: Config, env: NodeJS.ProcessEnv, log: Log): void {
  const misspelt = unknownVariables(env)
  if (misspelt.length > 0) {
    log.warn({ variables: misspelt }, 'variables that Padlock does not know')
  }
  if (isTokenUnused(config)) {
    log.warn({ method: config.PADLOCK_VAULT_AUTH }, 'VAULT_TOKEN is set and not used: see PADLOCK_VAULT_AUTH')
  }
  const switches = reportedSwitches(env)
  if (switches.length > 0) {
    log.warn(
      { switches },
      'settings of Node that change whom Padlock trusts or what runs in it: see docs/tls.md',
    )
  }
  // Without traces they are most likely meant for all containers of a cluster.
  const unfollowed = isTracingOn(config) ? unfollowedVariables(env) : []
  const unknown = isTracingOn(config) ? unknownTracingValues(env) : []
  if (unknown.length > 0) {
    log.warn(
      { variables: unknown },
      'variables of OpenTelemetry with a value that Padlock does not know: defaults are used',
    )
  }
  if (unfollowed.length > 0) {
    log.warn({ variables: unfollowed }, 'variables of OpenTelemetry that Padlock does not follow')
  }
}
