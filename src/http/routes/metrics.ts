import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { AppDeps } from '../deps.ts'

/** Milliseconds between two collections of metrics. */
const collectMs = 1_000

/**
 * Collects at most once in `collectMs`, since that is the dearest thing that anybody may ask for. Who asks sooner waits
 * for the next collection, with all others who do: an answer is never older than its request.
 */
function collectSeldom(collect: () => Promise<string>): () => Promise<Buffer> {
  let next: Promise<Buffer> | undefined
  let collectedAt = Number.NEGATIVE_INFINITY
  async function collectNext(): Promise<Buffer> {
    await sleep(Math.max(0, collectedAt + collectMs - performance.now()))
    // Who asks from now on may have seen what is counted too late for this collection.
    next = undefined
    collectedAt = performance.now()
    return Buffer.from(await collect())
  }
  return () => {
    next ??= collectNext()
    return next
  }
}

/** `GET /metrics` */
export async function metricsRoute(app: FastifyInstance, { metrics }: AppDeps): Promise<void> {
  const collect = collectSeldom(() => metrics.registry.metrics())
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
      return collect()
    },
  )
}
