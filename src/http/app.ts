import type { FastifyInstance } from 'fastify'
import { buildBase } from './base-app.ts'
import { callerAuth, identifyCaller } from './callers/caller-auth.ts'
import { docsPage } from './contract/docs-page.ts'
import { describeApi, openApiRoute } from './contract/openapi.ts'
import type { AppDeps } from './deps.ts'
import { callerLimit } from './limits/limits.ts'
import { shedLoad } from './overload/load-shedding.ts'
import { healthRoutes } from './routes/health.ts'
import { keyRoutes } from './routes/keys.ts'
import { metricsRoute } from './routes/metrics.ts'
import { createReadiness } from './routes/readiness.ts'
import { tokenRoutes } from './routes/tokens.ts'

/** Builds the HTTP service, not yet listening. What only operators read has a listener of its own where one is set. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { config } = deps
  const isForOperators = config.PADLOCK_ADMIN_PORT === undefined
  const app = await buildBase(deps, 'callers', (app, headers) => shedLoad(app, deps, headers))
  app.decorate(
    'readiness',
    createReadiness(deps, () => app.drain.phase !== 'serving'),
  )
  await describeApi(app)
  if (isForOperators) {
    await openApiRoute(app)
  }
  const limitCaller = await callerLimit(app, {
    callerPerSecond: config.PADLOCK_RATE_LIMIT_PER_SECOND,
    redis: deps.redis,
    log: deps.log,
  })
  const authenticate = await callerAuth(app, {
    keys: deps.callerKeys,
    issuer: config.PADLOCK_CALLER_ISSUER,
    audience: config.PADLOCK_CALLER_AUDIENCE,
    clockToleranceSeconds: config.PADLOCK_CALLER_CLOCK_TOLERANCE_SECONDS,
    maxLifeSeconds: config.PADLOCK_CALLER_MAX_LIFE_SECONDS,
  })
  await app.register(tokenRoutes, { ...deps, identifyCaller: identifyCaller(authenticate), limitCaller })
  await app.register(keyRoutes, deps)
  await app.register(healthRoutes)
  if (isForOperators) {
    await app.register(metricsRoute, deps)
    await app.register(docsPage, { sends: true })
  }
  return app
}
