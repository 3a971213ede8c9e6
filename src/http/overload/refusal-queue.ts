import type { Server, ServerResponse } from 'node:http'

/** Refusals that are answered in one turn of the event loop, so that they do not delay tokens. */
const perTurn = 100

/**
 * Answers refusals when nobody new wants to connect. libuv takes one connection in each turn of the event loop (since
 * 1.46), and a turn is as long as all that the open connections ask in it: callers who ask again as soon as they are
 * refused would keep new connections waiting for seconds. While their answer waits, they ask nothing.
 */
export class RefusalQueue {
  readonly #maxWaitMs: number
  readonly #answer: (response: ServerResponse) => void
  #waiting: ServerResponse[] = []
  /** connections so far */
  #connections = 0

  /**
   * @param server of HTTP or HTTPS
   * @param maxWaitMs how long a refusal waits at most while one connection comes after another, in milliseconds
   * @param answer sends the refusal
   */
  constructor(server: Server, maxWaitMs: number, answer: (response: ServerResponse) => void) {
    this.#maxWaitMs = maxWaitMs
    this.#answer = answer
    server.on('connection', () => {
      this.#connections += 1
    })
  }

  /** Takes the response of a request that is refused. */
  add(response: ServerResponse): void {
    if (this.#waiting.push(response) > 1) {
      return
    }
    const until = performance.now() + this.#maxWaitMs
    // The rest of this turn says nothing: its connection may have been taken already.
    setImmediate(() => this.#await(until))
  }

  /** @param until milliseconds of performance.now() */
  #await(until: number): void {
    const before = this.#connections
    setImmediate(() => {
      if (this.#connections !== before && performance.now() < until) {
        this.#await(until)
      } else {
        this.#answerAll(this.#waiting.splice(0))
      }
    })
  }

  #answerAll(responses: ServerResponse[]): void {
    for (const response of responses.splice(0, perTurn)) {
      this.#answer(response)
    }
    if (responses.length > 0) {
      setImmediate(() => this.#answerAll(responses))
    }
  }
}
