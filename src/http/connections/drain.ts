import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { Server as TlsServer } from 'node:tls'

/** A connection without a request for so long is taken to be at rest, and is closed; so is a server without any. */
const restMs = 1_000
/** So long a peer may take to close its side, before the connection is given up. */
const farewellMs = 500
/** Of the time that a stop may take after the delay: for this share, whoever connects is told so. */
const lingerShare = 0.25
const pollMs = 20
/** So long a moment is sought in which nobody connects. */
const seekMs = 250
/** When nothing has come for so long, the next caller is as likely to come in this moment as in any other. */
const longAfterMs = 25
/** Such a turn is over so soon that hardly anybody can have connected since its look at the socket. */
const quietTurnMs = 0.1

/** What a stop is at: `draining` still serves and sends peers away, `refusing` only finishes what is in flight. */
export type Phase = 'serving' | 'draining' | 'refusing'

interface Connection {
  /** responses that are not finished */
  responses: Set<ServerResponse>
  /** milliseconds of performance.now(), as all times here */
  idleSince: number
  /** when this side of it was closed */
  endedAt?: number
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
  #lastEventAt = Number.NEGATIVE_INFINITY

  /** @param server of HTTP or HTTPS, not yet listening */
  constructor(server: Server) {
    this.#server = server
    server.on('connection', () => this.#count())
    // Under TLS a request's socket is there only after the handshake.
    const opened = server instanceof TlsServer ? 'secureConnection' : 'connection'
    server.on(opened, (socket: Socket) => {
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
   * Serves on for `delayMs`; then has new requests refused, be it on new connections, until there are none; then
   * takes no new connection and waits until every connection is closed.
   *
   * @param delayMs time in which load balancers learn that this instance leaves, in milliseconds
   * @param withinMs time for all else, in milliseconds: a peer that does not come to an end by then is cut off
   */
  async stop(delayMs: number, withinMs: number): Promise<void> {
    this.#phase = 'draining'
    for (const { responses } of this.#connections.values()) {
      // Of several on one connection the last: the others' answers would be the end of it.
      const last = [...responses].at(-1)
      if (last !== undefined) sendAway(last)
    }
    await sleep(delayMs)
    this.#phase = 'refusing'
    const start = performance.now()
    const goesOn = () => this.#connections.size > 0 || performance.now() - this.#lastEventAt < restMs
    while (goesOn() && performance.now() - start < withinMs * lingerShare) await this.#endThoseAtRest(start)
    let open = true
    await this.#stopListening(() => {
      open = false
    })
    while (open && performance.now() - start < withinMs) await this.#endThoseAtRest(start)
    for (const socket of this.#connections.keys()) socket.destroy()
  }

  /** @param start when refusing began: whoever was at rest before is given the same time to come and be told */
  async #endThoseAtRest(start: number): Promise<void> {
    await sleep(pollMs)
    // After what has arrived meanwhile was read: a request that has come is no rest.
    await nextTurn()
    const now = performance.now()
    for (const [socket, connection] of this.#connections) {
      const { responses, idleSince, endedAt } = connection
      if (responses.size > 0 || now - Math.max(idleSince, start) < restMs) continue
      if (endedAt === undefined) {
        // Half a close first: a close with bytes unread would be a reset.
        socket.end()
        connection.endedAt = now
      } else if (now - endedAt > farewellMs) socket.destroy()
    }
  }

  /**
   * Closes the listening socket right after a turn in which nobody connected and nothing was asked, and right behind
   * one in which somebody did: the system resets whoever has connected and was not accepted yet. It makes that rare;
   * only a balancer that sends nobody any more, for which there is the delay, rules it out.
   *
   * @param closed called when the last connection has ended, its TLS handshake finished or not
   */
  async #stopListening(closed: () => void): Promise<void> {
    await rehearseClose()
    const until = performance.now() + seekMs
    let behindSome = false
    for (let start = performance.now(); start < until; start = performance.now()) {
      const before = this.#events
      await nextTurn()
      const now = performance.now()
      const someCame = this.#events !== before
      const quiet = !someCame && now - start < quietTurnMs
      // Whoever was just answered cannot be back yet.
      if (quiet && (behindSome || now - this.#lastEventAt > longAfterMs)) break
      behindSome = someCame
    }
    NetServer.prototype.close.call(this.#server, closed)
  }

  #count(): void {
    this.#events++
    this.#lastEventAt = performance.now()
  }

  #follow({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#count()
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

/** The first time that a process closes a listening socket takes it several times as long as the next. */
async function rehearseClose(): Promise<void> {
  const server = new NetServer().listen(0, 'localhost')
  await once(server, 'listening').then(
    () => NetServer.prototype.close.call(server),
    () => {},
  )
}

function sendAway(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}
