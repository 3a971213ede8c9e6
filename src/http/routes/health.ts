import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { build } from '../../build.ts'

const ComponentSchema = Type.Object(
  { status: Type.String({ enum: ['ok', 'degraded', 'unavailable'] }) },
  { title: 'Component', additionalProperties: true },
)

const readySchema = (description: string) =>
  Type.Object(
    {
      status: Type.String({ enum: ['ready', 'degraded', 'unavailable'] }),
      stopping: Type.Boolean(),
      components: Type.Record(Type.String(), ComponentSchema),
      build: Type.Record(Type.String(), Type.String()),
    },
    { title: 'Readiness', description },
  )

/** `GET /health/live` and `/health/ready`. */
export async function healthRoutes(app: FastifyInstance): Promise<void> {
  app.get(
    '/health/live',
    {
      schema: {
        tags: ['operations'],
        operationId: 'live',
        summary: 'Whether the process answers',
        response: {
          200: Type.Object({ status: Type.Literal('live') }, { title: 'Liveness', description: 'It does' }),
        },
      },
    },
    async (_request, reply) => {
      reply.header('Cache-Control', 'no-store')
      return { status: 'live' }
    },
  )

  app.get(
    '/health/ready',
    {
      schema: {
        tags: ['operations'],
        operationId: 'ready',
        summary: 'Whether tokens can be issued, with one entry for each component',
        response: {
          200: readySchema('Tokens can be issued, for some profiles at least'),
          503: readySchema('No token can be issued now'),
        },
      },
    },
    async (_request, reply) => {
      const state = app.readiness()
      const unavailable = state.status === 'unavailable'
      reply.code(unavailable ? 503 : 200).header('Cache-Control', 'no-store')
      if (unavailable) {
        reply.header('Retry-After', 2)
      }
      return { ...state, build }
    },
  )
}
