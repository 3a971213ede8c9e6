import type { Config } from '../config/schema.ts'
import { isTracingOn } from '../config/tracing.ts'
import type { Log } from '../log.ts'
import type { Tracing } from './tracing.ts'

/**
 * Traces, where the configuration asks for them; without them nothing of OpenTelemetry is even loaded.
 *
 * @throws ConfigError when a TLS file for the collector cannot be read
 */
export async function openTracing(config: Config, log: Log): Promise<Tracing | undefined> {
  if (!isTracingOn(config)) {
    return undefined
  }
  const { openTelemetry } = await import('./open-telemetry.ts')
  return openTelemetry(config, log)
}
