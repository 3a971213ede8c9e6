import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, PadlockError } from '../errors.ts'
import type { Metrics } from './metrics.ts'
import { asPadlockError, problemHeaders, problemOf, sendProblem } from './problem.ts'
import { reportOutcome } from './request-log.ts'

/** Node's errors while it reads a request as codes of ours; whatever else is broken HTTP. */
const nodeCodes: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'payload_too_large',
}

/** What Node says of a request that it could not read. */
interface ReadError extends Error {
  code?: string
  /** the bytes that were being read, and how many of them were understood */
  rawPacket?: Buffer
  bytesParsed?: number
}

/** The path of a request whose method Node does not know: it stops there, and reads no further. */
function pathOfUnknownMethod({ code, rawPacket, bytesParsed = 0 }: ReadError): string | undefined {
  if (code !== 'HPE_INVALID_METHOD' || rawPacket === undefined) return undefined
  const start = rawPacket.subarray(0, bytesParsed).lastIndexOf('\n') + 1
  // A token of RFC 9110 §5.6.2, a target, a version (RFC 9112 §3).
  const line = /^[!#$%&'*+.^`|~\w-]+ ([^ \r\n]+) HTTP\/1\.[01]\r?\n/.exec(rawPacket.toString('latin1', start))
  return line?.[1]
}

/**
 * Answers on the bare connection where no route ever sees a request: it is too broken, too late, or its
 * method is one that Node hands to nobody.
 *
 * @param methodsOf the methods of a path, or undefined for one that is not known
 * @param restMs how long a connection on which nothing is asked stays open, in milliseconds
 */
export function connectionErrors(
  metrics: Metrics,
  methodsOf: (path: string) => string[] | undefined,
  restMs: number,
) {
  /** The request of each connection whose answer, or body, is not complete. */
  const open = new WeakMap<Socket, { request: FastifyRequest; answered: boolean }>()

  function answer(socket: Socket, error: PadlockError, allow?: string[]): void {
    const request = open.get(socket)?.request
    // Its body was awaited: its own line in the log says what became of it.
    if (request !== undefined) request.outcome.code = error.code
    else metrics.requests.inc({ code: error.code })
    const problem = problemOf(error, request?.id ?? randomUUID())
    const body = JSON.stringify(problem)
    const head = [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      ...Object.entries(problemHeaders).map(([name, value]) => `${name}: ${value}`),
      `Content-Length: ${Buffer.byteLength(body)}`,
      ...(allow === undefined ? [] : [`Allow: ${allow.join(', ')}`]),
      'Connection: close',
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
    // Not left half-open: a client that never hangs up would hold it for ever.
    socket.destroySoon()
  }

  function answerMethod(socket: Socket, path: string): void {
    const methods = methodsOf(path)
    answer(socket, new PadlockError(methods === undefined ? 'not_found' : 'method_not_allowed'), methods)
  }

  return {
    /** Fastify's `clientErrorHandler`. */
    clientError(error: Error, socket: Socket): void {
      const { code = '' } = error as ReadError
      // Opened in reserve, as Go's client does: nothing was asked that could be late, and a 408 would meet what is.
      if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) {
        socket.setTimeout(restMs)
        return
      }
      // A second answer to a request that has its answer would be taken for the next one's.
      const answered = open.get(socket)?.answered === true
      if (code === 'ECONNRESET' || socket.destroyed || !socket.writable || answered) {
        socket.destroy()
        return
      }
      const path = pathOfUnknownMethod(error as ReadError)
      if (path !== undefined) answerMethod(socket, path)
      else answer(socket, new PadlockError(nodeCodes[code] ?? 'invalid_request'))
    },

    /** Fastify's `frameworkErrors`: the router itself refuses an address. */
    frameworkError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
      reportOutcome(request, reply, metrics)
      void sendProblem(asPadlockError(error), request, reply)
    },

    /** What has to be known of an app and its server for that. */
    watch(app: FastifyInstance): void {
      app.addHook('onRequest', (request, { raw }, done) => {
        const { socket } = request.raw
        const entry = { request, answered: false }
        open.set(socket, entry)
        raw.once('close', () => {
          entry.answered = true
          if (request.raw.complete && open.get(socket) === entry) open.delete(socket)
        })
        done()
      })
      // Node hangs up on a CONNECT that nobody listens for; for a listener, it lets go of the socket, errors included.
      app.server.on('connect', ({ url }, stream) => {
        const socket = stream as Socket
        socket.on('error', () => socket.destroy())
        answerMethod(socket, url ?? '')
      })
      // Node answers any expectation but 100-continue with a bare 417; it may as well be passed over (RFC 9110 §10.1.1).
      app.server.on('checkExpectation', app.routing)
    },
  }
}
