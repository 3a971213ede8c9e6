import type { FastifyInstance, FastifyRequest } from 'fastify'
import { PadlockError } from '../../errors.ts'
import { bodyLimitBytes, parseJsonBody } from './json-body.ts'

/** Largest body with its framing, in bytes: chunks of one byte are six, and what a client adds to them is for nobody. */
const framedBodyLimitBytes = bodyLimitBytes * 8

/**
 * Reads JSON bodies and none of another type.
 *
 * @param framedBytes how many bytes a request's body is, framing included
 */
export function parseBodies(app: FastifyInstance, framedBytes: (request: FastifyRequest) => number): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      if (framedBytes(request) > framedBodyLimitBytes) {
        throw new PadlockError('payload_too_large', {
          detail: 'The chunks of the body are far larger than it.',
        })
      }
      return parseJsonBody(body)
    },
  )
}
