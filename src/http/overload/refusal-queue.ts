import type { Server } from 'node:http'

/** Refusals that are answered in one turn of the event loop, so that they do not delay tokens. */
const perTurn = 100

/**
 * Answers refusals when nobody new wants to connect. libuv takes one connection in each turn of the event loop (since
 * 1.46), and a turn is as long as all that the open connections ask in it: callers who ask again as soon as they are
 * refused would keep new connections waiting for seconds. While their answer waits, they ask nothing.
 */
export class RefusalQueue {
  readonly #maxWaitMs: number
  #waiting: (() => void)[] = []
  /** connections so far */
  #connections = 0

  /**
   * @param server of HTTP or HTTPS
   * @param maxWaitMs how long a refusal waits at most while one connection comes after another, in milliseconds
   */
  constructor(server: Server, maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs
    server.on('connection', () => {
      this.#connections += 1
    })
  }

  /** @param answer sends a refusal */
  add(answer: () => void): void {
    if (this.#waiting.push(answer) > 1) {
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

  #answerAll(answers: (() => void)[]): void {
    for (const answer of answers.splice(0, perTurn)) {
      answer()
    }
    if (answers.length > 0) {
      setImmediate(() => this.#answerAll(answers))
    }
  }
}
