import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { Server as TlsServer } from 'node:tls'
import type { FastifyRequest } from 'fastify'
import { PadlockError } from '../../errors.ts'

/** Milliseconds without a request after which a connection is idle and is closed; and a server without any stops. */
const idleMs = 1_000
/** How long a peer may take to close its side before the connection is destroyed. */
const halfCloseMs = 500
/** Share of the time after the delay in which new connections are still taken, and their requests refused. */
const refuseShare = 0.25
const pollMs = 20
/** How long a turn of the event loop in which nobody connects is waited for. */
const quietTurnMs = 250

/** What a stop is at: `draining` still serves and sends peers away, `refusing` only finishes what is in flight. */
export type Phase = 'serving' | 'draining' | 'refusing'

declare module 'fastify' {
  interface FastifyInstance {
    /** stops the service so that no caller notices; call it before `close` */
    drain: Drain
  }
}

/** @throws PadlockError `shutting_down` once new requests are refused */
export async function refuseWhileStopping({ server }: FastifyRequest): Promise<void> {
  if (server.drain.phase === 'refusing') {
    throw new PadlockError('shutting_down')
  }
}

interface Connection {
  /** responses that are not finished; no Set, whose replaced tables keep what they held */
  responses: ServerResponse[]
  /** milliseconds of performance.now(), as all times here */
  idleSince: number
  /** when this side of it was closed */
  endedAt?: number
}

/**
 * Stops an HTTP server so that no caller notices: every answer says `Connection: close` (RFC 9112 §9.6), what
 * is in flight is finished, and a kept-alive connection is closed when it is idle, never while a request
 * may be on its way. Node's own `close()` cuts idle connections at once, which resets the next request on them.
 */
export class Drain {
  readonly #server: Server
  readonly #connections = new Map<Socket, Connection>()
  #phase: Phase = 'serving'
  /** when somebody last connected or asked */
  #lastEventAt = Number.NEGATIVE_INFINITY

  /** @param server of HTTP or HTTPS, not yet listening */
  constructor(server: Server) {
    this.#server = server
    server.on('connection', () => {
      this.#lastEventAt = performance.now()
    })
    // Under TLS a request's socket is there only after the handshake.
    const opened = server instanceof TlsServer ? 'secureConnection' : 'connection'
    server.on(opened, (socket: Socket) => {
      this.#connections.set(socket, { responses: [], idleSince: performance.now() })
      socket.once('close', () => this.#connections.delete(socket))
    })
    // Before Fastify's own listener, which may answer at once.
    server.prependListener('request', (request, response) => this.#follow(request, response))
  }

  get phase(): Phase {
    return this.#phase
  }

  /**
   * Serves for `delayMs` more; then refuses new requests, also on new connections, until there are none; then takes no
   * new connection and waits until every connection is closed. The system may reset a connection that is opened at the
   * moment of that, in spite of the refusals: the delay is there for that.
   *
   * @param delayMs time in which load balancers learn that this instance leaves, in milliseconds
   * @param withinMs time for all else, in milliseconds: a peer that does not come to an end by then is cut off
   */
  async stop(delayMs: number, withinMs: number): Promise<void> {
    this.#phase = 'draining'
    for (const { responses } of this.#connections.values()) {
      // Of several on one connection the last: the others' answers would be the end of it.
      const last = responses.at(-1)
      if (last !== undefined) {
        sendAway(last)
      }
    }
    await sleep(delayMs)
    this.#phase = 'refusing'
    const start = performance.now()
    const goesOn = () => this.#connections.size > 0 || performance.now() - this.#lastEventAt < idleMs
    while (goesOn() && performance.now() - start < withinMs * refuseShare) {
      await this.#endIdle(start)
    }
    await this.#quietTurn()
    let open = true
    // Of the server's own `close`, this part alone: it calls back when the last connection has ended.
    NetServer.prototype.close.call(this.#server, () => {
      open = false
    })
    while (open && performance.now() - start < withinMs) {
      await this.#endIdle(start)
    }
    for (const socket of this.#connections.keys()) {
      socket.destroy()
    }
  }

  /**
   * Waits for a turn of the event loop in which nobody connects: when the listening socket closes, the system resets
   * connections that are not accepted yet, and libuv accepts one in a turn.
   */
  async #quietTurn(): Promise<void> {
    const until = performance.now() + quietTurnMs
    let before: number
    do {
      before = this.#lastEventAt
      await nextTurn()
    } while (this.#lastEventAt !== before && performance.now() < until)
  }

  /** @param start when refusing began: a connection that was idle before gets the same time for one more request */
  async #endIdle(start: number): Promise<void> {
    await sleep(pollMs)
    // After what has arrived meanwhile was read: a connection with a request is not idle.
    await nextTurn()
    const now = performance.now()
    for (const [socket, connection] of this.#connections) {
      const { responses, idleSince, endedAt } = connection
      if (responses.length > 0 || now - Math.max(idleSince, start) < idleMs) {
        continue
      }
      if (endedAt === undefined) {
        // Half a close first: a close with bytes unread would be a reset.
        socket.end()
        connection.endedAt = now
      } else if (now - endedAt > halfCloseMs) {
        socket.destroy()
      }
    }
  }

  #follow({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#lastEventAt = performance.now()
    const connection = this.#connections.get(socket)
    if (connection === undefined) {
      return
    }
    connection.responses.push(response)
    response.once('close', () => {
      connection.responses.splice(connection.responses.indexOf(response), 1)
      connection.idleSince = performance.now()
    })
    if (this.#phase !== 'serving') {
      sendAway(response)
    }
  }
}

function sendAway(response: ServerResponse): void {
  if (!response.headersSent) {
    response.setHeader('Connection', 'close')
  }
}
