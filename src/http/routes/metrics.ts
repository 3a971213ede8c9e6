import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { AppDeps } from '../app.ts'

/** `GET /metrics` */
export async function metricsRoute(app: FastifyInstance, { metrics }: AppDeps): Promise<void> {
  app.get(
    '/metrics',
    {
      config: { produces: ['text/plain'] },
      schema: {
        tags: ['operations'],
        operationId: 'metrics',
        summary: 'Metrics in the Prometheus text format',
        response: { 200: Type.String({ description: 'Prometheus text format' }) },
      },
    },
    async (_request, reply) => {
      reply.type(metrics.registry.contentType)
      return metrics.registry.metrics()
    },
  )
}
