import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** A connection without a request for so long is taken to be at rest, and is closed. */
const restMs = 1_000
/** So long a peer may take to close its side, before the connection is given up. */
const farewellMs = 500
const pollMs = 20
/** So many turns of the event loop are tried for one in which nobody connects. */
const turns = 2_000
/** Such a turn is over so soon that hardly anybody can have connected since its look at the socket. */
const quietTurnMs = 0.1

/** What a stop is at: `draining` still serves and sends peers away, `refusing` only finishes what is in flight. */
export type Phase = 'serving' | 'draining' | 'refusing'

interface Connection {
  /** responses that are not finished */
  responses: Set<ServerResponse>
  /** milliseconds of performance.now() */
  idleSince: number
}

/**
 * Stops an HTTP server so that no caller notices: every answer says `Connection: close` (RFC 9112 §9.6), what
 * is in flight is finished, and a kept-alive connection is closed when it is at rest, never while a request
 * may be on its way. Node's own `close()` cuts idle connections at once, which resets the next request on them.
 */
export class Drain {
  readonly #server: Server
  readonly #connections = new Map<Socket, Connection>()
  #phase: Phase = 'serving'
  /** connections and requests so far */
  #events = 0

  /** @param server not yet listening */
  constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket: Socket) => {
      this.#events++
      this.#connections.set(socket, { responses: new Set(), idleSince: performance.now() })
      socket.once('close', () => this.#connections.delete(socket))
    })
    // Before Fastify's own listener, which may answer at once.
    server.prependListener('request', (request, response) => this.#follow(request, response))
  }

  get phase(): Phase {
    return this.#phase
  }

  /**
   * Serves on for `delayMs`, then takes no new connection and waits until every connection is closed.
   *
   * @param delayMs time in which load balancers learn that this instance leaves, in milliseconds
   */
  async stop(delayMs: number): Promise<void> {
    this.#phase = 'draining'
    for (const { responses } of this.#connections.values())
      for (const response of responses) sendAway(response)
    await sleep(delayMs)
    this.#phase = 'refusing'
    await this.#stopListening()
    while (this.#connections.size > 0) {
      for (const [socket, connection] of this.#connections) endAtRest(socket, connection)
      await sleep(pollMs)
    }
  }

  /**
   * Closes the listening socket right after a turn in which nobody connected and nothing was asked: the system
   * resets whoever has connected and was not accepted yet. It makes that rare; only a balancer that sends nobody
   * any more, for which there is the delay, rules it out.
   */
  async #stopListening(): Promise<void> {
    for (let turn = 0; turn < turns; turn++) {
      const before = this.#events
      const start = performance.now()
      await nextTurn()
      if (this.#events === before && performance.now() - start < quietTurnMs) break
    }
    NetServer.prototype.close.call(this.#server)
  }

  #follow({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#events++
    const connection = this.#connections.get(socket)
    if (connection === undefined) return
    connection.responses.add(response)
    response.once('close', () => {
      connection.responses.delete(response)
      connection.idleSince = performance.now()
    })
    if (this.#phase !== 'serving') sendAway(response)
  }
}

function sendAway(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}

function endAtRest(socket: Socket, { responses, idleSince }: Connection): void {
  const restingMs = performance.now() - idleSince
  if (responses.size > 0 || restingMs < restMs) return
  // Half a close first: a close with bytes unread would be a reset.
  if (!socket.writableEnded) socket.end()
  else if (restingMs > restMs + farewellMs) socket.destroy()
}
