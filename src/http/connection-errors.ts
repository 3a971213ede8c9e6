import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, PadlockError } from '../errors.ts'
import { asPadlockError, problemOf, sendProblem } from './problem.ts'

/** Node's errors while it reads a request as codes of ours; whatever else is broken HTTP. */
const nodeCodes: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'payload_too_large',
}

/** Answers on the bare connection when a request is so broken or so late that no route ever saw it. */
export function clientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const problem = problemOf(new PadlockError(nodeCodes[error.code ?? ''] ?? 'invalid_request'), randomUUID())
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Answers when the router itself refuses an address. */
export function frameworkError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  request.outcome ??= {}
  void sendProblem(asPadlockError(error), request, reply)
}
