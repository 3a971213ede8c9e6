import { type Config, unknownVariables } from '../../config.ts'
import { isTracingOn, unfollowedVariables } from '../../tracing-config.ts'
import { isTokenUnused } from '../../vault-auth-config.ts'
import type { Log } from '../log.ts'

/** Tells the log of variables that are set and have no effect, by their names. */
export function reportUnusedVariables(config: Config, env: NodeJS.ProcessEnv, log: Log): void {
  const misspelt = unknownVariables(env)
  if (misspelt.length > 0) log.warn({ variables: misspelt }, 'variables that Padlock does not know')
  if (isTokenUnused(config)) {
    log.warn({ method: config.PADLOCK_VAULT_AUTH }, 'VAULT_TOKEN is set and not used: see PADLOCK_VAULT_AUTH')
  }
  // Without traces they are most likely meant for all containers of a cluster.
  const unfollowed = isTracingOn(config) ? unfollowedVariables(env) : []
  if (unfollowed.length > 0) {
    log.warn({ variables: unfollowed }, 'variables of OpenTelemetry that Padlock does not follow')
  }
}
