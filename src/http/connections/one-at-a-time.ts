import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

// Not imported: an import reads every export of `node:http`, and WebSocket's loads the undici that is inside Node.
const http = process.getBuiltinModule('node:http')

/** Bytes behind a request that are read and discarded, so that the close is no reset. More are not read. */
const discardBytes = 64 * 1024

/** The last request of a connection that was handed to the service, and its answer. */
interface Exchange {
  request: IncomingMessage
  answer: ServerResponse
  /** bytes that had been read on the connection when the head was whole */
  headEnd: number
  /** the same when what follows the request was found to be no part of it */
  end?: number
  /** something came that cannot be read: the answer is the last */
  broken?: true
}

/**
 * Serves one request of a connection at a time. A request that comes while another of its connection has no answer yet
 * (HTTP pipelining) is not handed to the service: the answer under way says `Connection: close`, and the connection ends
 * after it (RFC 9112 §9.3.2: the client sends the rest again on a new connection). So no connection can make the service
 * work on more than one answer, and Node stops reading at the second request, not at the end of the packet.
 *
 * A request whose wish for another protocol is passed over (`Upgrade`, CONNECT) is the last of its connection for the
 * same reason: Node's parser does not read all of the bytes behind it (CWE-444).
 */
export class OneAtATime {
  readonly #exchanges = new WeakMap<Socket, Exchange>()
  readonly #pipelined: () => void

  /** @param pipelined is called for each connection that ends since more was sent on it before its answer */
  constructor(pipelined: () => void) {
    this.#pipelined = pipelined
  }

  /** What the server must be made with. */
  options(): ServerOptions {
    const isTaken = (socket: Socket) => this.#isTaken(socket)
    /**
     * Node asks each head whether what follows it is HTTP, and at "no" it stops reading in the middle of a packet and
     * releases the socket. That is the answer for a head which comes too early, and for no other.
     */
    class Message extends http.IncomingMessage {
      readonly #early: boolean
      constructor(socket: Socket) {
        super(socket)
        this.#early = isTaken(socket)
      }
      get upgrade(): boolean {
        return this.#early
      }
      /** Node says here whether the head has an `Upgrade`, which is passed over. */
      set upgrade(_wish: boolean) {}
    }
    return { IncomingMessage: Message as typeof IncomingMessage }
  }

  /** Stands around the listeners that a server, made with these options, has for requests by now; the last one serves. */
  watch(server: Server): void {
    const [serve] = server.listeners('request').slice(-1) as [RequestListener]
    server.off('request', serve)
    server.prependListener('request', (request, answer) => {
      const { socket } = request
      this.#exchanges.set(socket, { request, answer, headEnd: socket.bytesRead })
      if (request.method === 'CONNECT' || request.headers.upgrade !== undefined) {
        endWith(answer)
      }
    })
    server.on('request', (request, answer) => {
      const { socket } = request
      const begin = () => {
        if (!socket.destroyed && !socket.writableEnded) {
          serve.call(server, request, answer)
        }
      }
      // Not at once: an answer in the middle of a packet would make the next request in it one that comes in time.
      // The last of a connection, as all are while the service stops, has none behind it.
      if (isLast(answer)) {
        begin()
      } else {
        setImmediate(begin)
      }
    })
    // Expectations are requests like others: an unknown one is passed over (RFC 9110 §10.1.1), and of 100-continue the
    // answer is sent once the body is wanted.
    for (const event of ['checkContinue', 'checkExpectation']) {
      server.on(event, (request, answer) => server.emit('request', request, answer))
    }
    // Node's names for a head that is too early, by its method.
    for (const event of ['upgrade', 'connect']) {
      server.on(event, (_request: IncomingMessage, stream: Duplex) => this.#discard(stream as Socket))
    }
  }

  /**
   * Says what becomes of a connection on which something cannot be read.
   *
   * @returns `answer` when it may be answered: it is a request of its own, or the rest of the one that `unread` returns;
   *   `ended` when the last request has its answer, or gets it, and the connection ends with that
   */
  atUnreadable(socket: Socket): 'answer' | 'ended' {
    const exchange = this.#exchanges.get(socket)
    if (exchange === undefined || this.unread(socket) !== undefined) {
      return 'answer'
    }
    const { request, answer } = exchange
    if (!answer.writableFinished) {
      // Node reports each packet that comes.
      if (exchange.broken) {
        return 'ended'
      }
      exchange.broken = true
      if (request.complete) {
        this.#pipelined()
      }
      endWith(answer)
      return 'ended'
    }
    // A second answer to a request that has its answer would be taken for the next one's.
    if (request.complete) {
      return 'answer'
    }
    socket.destroy()
    return 'ended'
  }

  /** The request whose rest is awaited on a connection, and of which nothing has been answered. */
  unread(socket: Socket): IncomingMessage | undefined {
    const exchange = this.#exchanges.get(socket)
    const awaited = exchange !== undefined && !exchange.request.complete && !exchange.answer.headersSent
    return awaited ? exchange.request : undefined
  }

  /**
   * Bytes that have been read for the last request of a connection since its head, framing included; those in the packet
   * of its head are left out.
   */
  readSinceHead(socket: Socket): number {
    const { headEnd = 0, end = socket.bytesRead } = this.#exchanges.get(socket) ?? {}
    return end - headEnd
  }

  /**
   * Whether a connection takes no request now: an answer is not complete, or was its last. Not until it has left: under
   * TLS, Node learns of that a turn later, when its client may have asked again.
   */
  #isTaken(socket: Socket): boolean {
    if (socket.writableEnded) {
      return true
    }
    const answer = this.#exchanges.get(socket)?.answer
    return answer !== undefined && (!answer.writableEnded || isLast(answer))
  }

  /** Takes over a socket that Node has released: nothing on it is a request any more. */
  #discard(socket: Socket): void {
    socket.on('error', () => socket.destroy())
    socket.on('timeout', () => socket.destroy())
    socket.on('drain', () => this.#exchanges.get(socket)?.answer.emit('drain'))
    let discarded = 0
    socket.on('data', ({ length }) => {
      discarded += length
      if (discarded > discardBytes) {
        socket.pause()
      }
    })
    const exchange = this.#exchanges.get(socket)
    if (exchange === undefined || exchange.answer.writableFinished) {
      socket.destroySoon()
      return
    }
    exchange.end = socket.bytesRead
    this.#pipelined()
    endWith(exchange.answer)
  }
}

/** Whether an answer says that it is the last of its connection. */
const isLast = (answer: ServerResponse): boolean => answer.getHeader('Connection') === 'close'

/** Makes an answer the last of its connection, also when its head has been sent. */
function endWith(answer: ServerResponse): void {
  const { socket } = answer
  if (!answer.headersSent) {
    answer.setHeader('Connection', 'close')
  }
  answer.once('finish', () => socket?.destroySoon())
}
