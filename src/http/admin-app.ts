import type { FastifyInstance } from 'fastify'
import { buildBase } from './base-app.ts'
import { docsPage } from './contract/docs-page.ts'
import { adoptApi, openApiRoute } from './contract/openapi.ts'
import type { AppDeps } from './deps.ts'
import { healthRoutes } from './routes/health.ts'
import { metricsRoute } from './routes/metrics.ts'

/**
 * Builds the listener for operators, not yet listening: `/metrics`, `/openapi.json`, `/docs` and health, and no route of
 * callers. It has the limits and the certificate of the service's own listener, and asks nobody for a certificate.
 *
 * @param main the service, whose readiness and document it gives
 */
export async function buildAdminApp(deps: AppDeps, main: FastifyInstance): Promise<FastifyInstance> {
  const app = await buildBase(deps, 'operators')
  app.decorate('readiness', () => main.readiness())
  await main.ready()
  await adoptApi(app, main.swagger())
  await app.register(healthRoutes)
  await app.register(metricsRoute, deps)
  await openApiRoute(app)
  // What it could send would come here, where there are no tokens.
  await app.register(docsPage, { sends: false })
  return app
}
