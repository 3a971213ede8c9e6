import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorCodes, PadlockError } from '../../errors.ts'
import type { Metrics } from '../../metrics/metrics.ts'
import { asPadlockError, bareProblem, sendProblem } from '../contract/problem.ts'
import { countedReport } from '../reporting/counted-report.ts'
import { logRequest } from '../reporting/request-log.ts'
import type { OneAtATime } from './one-at-a-time.ts'

/** Node's errors while it reads a request as codes of ours; whatever else is broken HTTP. */
const nodeCodes: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'head_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'payload_too_large',
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
  if (code !== 'HPE_INVALID_METHOD' || rawPacket === undefined) {
    return undefined
  }
  const start = rawPacket.subarray(0, bytesParsed).lastIndexOf('\n') + 1
  // A token of RFC 9110 §5.6.2, a target, a version (RFC 9112 §3).
  const line = /^[!#$%&'*+.^`|~\w-]+ ([^ \r\n]+) HTTP\/1\.[01]\r?\n/.exec(rawPacket.toString('latin1', start))
  return line?.[1]
}

/** What the answers on a bare connection need. */
export interface ConnectionErrorsOptions {
  metrics: Metrics
  turns: OneAtATime
  /** what every answer of the service has */
  headers: Record<string, string>
  /** the methods of a path, or undefined for one that is not known */
  methodsOf: (path: string) => string[] | undefined
  /** how long a connection on which nothing is asked stays open, in milliseconds */
  restMs: number
}

/** A property, since V8's young collections move what a WeakMap holds to the old generation: a tenth of all garbage. */
const served = Symbol('the request that Fastify serves')
type Served = IncomingMessage & { [served]?: FastifyRequest }

/** Answers on the bare connection where no route ever sees a request: it is too broken, too late, or its method is unknown to Node. */
export function connectionErrors({ metrics, turns, headers, methodsOf, restMs }: ConnectionErrorsOptions) {
  function answer(socket: Socket, error: PadlockError, allow?: string[]): void {
    const unread = turns.unread(socket)
    const request = (unread as Served | undefined)?.[served]
    // Its body was awaited: its own line in the log says what became of it.
    if (request !== undefined) {
      request.failure = error
    } else {
      metrics.requests.inc({ code: error.code })
    }
    const problem = bareProblem(error, request?.id ?? randomUUID(), headers)
    const fields = {
      ...problem.headers,
      ...(allow === undefined ? {} : { Allow: allow.join(', ') }),
      Date: new Date().toUTCString(),
      Connection: 'close',
    }
    const head = [
      `HTTP/1.1 ${error.status} ${errorCodes[error.code].title}`,
      ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${problem.body}`)
    // Not left half-open: a client that never hangs up would hold it forever.
    socket.destroySoon()
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
      if (code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
        socket.destroy()
        return
      }
      if (turns.atUnreadable(socket) === 'ended') {
        return
      }
      const path = pathOfUnknownMethod(error as ReadError)
      const methods = path === undefined ? undefined : methodsOf(path)
      const refused: ErrorCode = methods === undefined ? 'not_found' : 'method_not_allowed'
      answer(
        socket,
        new PadlockError(path === undefined ? (nodeCodes[code] ?? 'invalid_request') : refused),
        methods,
      )
    },

    /** Fastify's `frameworkErrors`: the router itself refuses an address. */
    frameworkError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
      logRequest(request, reply, metrics)
      // No hook runs for it.
      void sendProblem(asPadlockError(error), request, reply.headers(headers))
    },

    /** What has to be known of an app for that. */
    watch(app: FastifyInstance): void {
      app.addHook('onRequest', (request, _reply, done) => {
        ;(request.raw as Served)[served] = request
        done()
      })
    },
  }
}

/**
 * Goes on when a connection cannot be taken, which is so while no file descriptor is left (EMFILE): Node would end
 * the process, and with it all the connections that are well.
 */
export function surviveAcceptErrors(app: FastifyInstance): void {
  const report = countedReport((refused, { code }: NodeJS.ErrnoException) =>
    app.log.error({ code, refused }, 'connections cannot be taken: is the limit of open files too low?'),
  )
  // Not before it listens: what keeps it from listening is to stop the start.
  app.server.once('listening', () => app.server.on('error', report))
}
