import type { FastifyReply, FastifyRequest } from 'fastify'
import { PadlockError } from '../../errors.ts'
import { bodyLimitBytes } from './json-body.ts'

/**
 * The type of the answer, of those that there are, that a request accepts most (RFC 9110 §12.5.1).
 *
 * @throws PadlockError `not_acceptable`
 */
export function acceptedType(request: FastifyRequest, types: string[]): string {
  const type = request.accepts().type(types)
  if (typeof type !== 'string') {
    throw new PadlockError('not_acceptable')
  }
  return type
}

/** What a token's answer is; some clients ask for it with the parameter that it has. */
const answerTypes = ['application/json', 'application/json; charset=utf-8']

/**
 * Refuses a request that does not accept JSON.
 *
 * @throws PadlockError `not_acceptable`
 */
export async function negotiate(request: FastifyRequest): Promise<void> {
  acceptedType(request, answerTypes)
}

/**
 * Refuses a body before it is read: one without a type has none that is accepted (RFC 9110 §15.5.16), nor is any coded.
 *
 * @throws PadlockError `unsupported_media_type`
 */
export async function checkContent({ headers }: FastifyRequest): Promise<void> {
  const coding = headers['content-encoding'] ?? 'identity'
  if (headers['content-type'] === undefined || coding.toLowerCase() !== 'identity') {
    throw new PadlockError('unsupported_media_type')
  }
}

/** Asks for the body of a client that waits to be asked (RFC 9110 §10.1.1), once it is known that the body is wanted. */
export async function awaitBody({ raw, headers }: FastifyRequest, reply: FastifyReply): Promise<void> {
  const asks = raw.httpVersion === '1.1' && /(?:^|\W)100-continue(?:$|\W)/i.test(headers.expect ?? '')
  if (asks && !(Number(headers['content-length']) > bodyLimitBytes)) {
    reply.raw.writeContinue()
  }
}
