import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.ts'
import { isTracingOn, unfollowedVariables } from '../tracing-config.ts'
import type { Tracing } from './tracing.ts'

/**
 * Traces, where the configuration asks for them; without them nothing of OpenTelemetry is even loaded.
 *
 * @param env where the exporter reads from, too
 * @throws ConfigError when a TLS file for the collector cannot be read
 */
export async function openTracing(
  config: Config,
  env: NodeJS.ProcessEnv,
  log: FastifyBaseLogger,
): Promise<Tracing | undefined> {
  if (!isTracingOn(config)) return undefined
  const variables = unfollowedVariables(env)
  if (variables.length > 0) log.warn({ variables }, 'variables of OpenTelemetry that Padlock does not follow')
  const { openTelemetry } = await import('./open-telemetry.ts')
  return openTelemetry(config, log)
}
