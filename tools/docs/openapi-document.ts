import { pino } from 'pino'
import { loadConfig } from '../../src/config/config.ts'
import { buildApp } from '../../src/http/app.ts'
import type { AppDeps } from '../../src/http/deps.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'

/** The OpenAPI document as the app itself gives it, as text. Nothing is called: only the routes are described. */
export async function openApiDocument(): Promise<string> {
  const config = loadConfig({
    PADLOCK_VAULT_AUTH: 'token',
    VAULT_TOKEN: 'none',
    PADLOCK_CALLER_JWKS_URL: 'https://issuer.example/keys',
    PADLOCK_CALLER_ISSUER: 'https://issuer.example',
    PADLOCK_CALLER_AUDIENCE: 'padlock',
  })
  const deps = { config, log: pino({ level: 'silent' }), metrics: createMetrics() }
  const app = await buildApp(deps as unknown as AppDeps)
  await app.ready()
  const document = app.swagger()
  await app.close()
  return `${JSON.stringify(document, null, 2)}\n`
}
