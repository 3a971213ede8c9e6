import { setTimeout as sleep } from 'node:timers/promises'
import { Agent } from 'undici'
import { type Answer, codeOf } from '../../support/problem.ts'

/** One request of the load, and what came of it. */
export interface Outcome {
  userId: string
  /** milliseconds of performance.now() */
  sentAt: number
  endedAt: number
  /** milliseconds of that in which this process itself did not come to run */
  lateMs: number
  /** milliseconds since the epoch: what a token's `exp` is judged by */
  endedOn: number
  answer: Answer | undefined
  /** code of the client's error, where there was no answer */
  error: string | undefined
}

export interface LoadOptions {
  /** addresses of Padlock; a request that is not served at one is sent to the next, as a balancer would send it */
  urls: string[]
  /** a caller's JWT */
  token: string
  perSecond: number
  /** connections to each address; one for each request that is open at once, without it */
  connections?: number
}

/** So long the client itself waits: past every deadline of Padlock's. */
const patienceMs = 6_000

/** How often the load looks whether requests are due, in milliseconds. */
const pauseMs = 5

let runs = 0

/**
 * An open loop: requests leave at a fixed rate, whatever is answered, each for a visitor of its own, over
 * kept-alive connections.
 */
export class Load {
  readonly outcomes: Outcome[] = []
  readonly #options: LoadOptions
  readonly #agent: Agent
  readonly #open = new Set<Promise<void>>()
  readonly #run = ++runs
  #going: Promise<void> | undefined
  #stopped = false
  #sent = 0
  #lateMs = 0

  constructor(options: LoadOptions) {
    this.#options = options
    this.#agent = new Agent({
      connections: options.connections ?? null,
      pipelining: 1,
      keepAliveTimeout: 60_000,
    })
  }

  start(): void {
    this.#going = this.#send()
  }

  /** Sends no more, and waits until everything is answered. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#going
    await Promise.all(this.#open)
    await this.#agent.close()
  }

  async #send(): Promise<void> {
    const start = performance.now()
    while (!this.#stopped) {
      const due = Math.floor(((performance.now() - start) / 1000) * this.#options.perSecond)
      while (this.#sent < due) {
        this.#add(++this.#sent)
      }
      const before = performance.now()
      await sleep(pauseMs)
      this.#lateMs += Math.max(0, performance.now() - before - 2 * pauseMs)
    }
  }

  #add(number: number): void {
    const request = this.#request(`visitor-${process.pid}-${this.#run}-${number}`).finally(() =>
      this.#open.delete(request),
    )
    this.#open.add(request)
  }

  async #request(userId: string): Promise<void> {
    const sentAt = performance.now()
    const lateBefore = this.#lateMs
    let answer: Answer | undefined
    let error: string | undefined
    for (const url of this.#options.urls) {
      try {
        answer = await this.#ask(url, userId)
        error = undefined
        if (codeOf(answer) !== 'shutting_down') {
          break
        }
      } catch (cause) {
        const { code, name } = cause as { code?: string; name: string }
        error = code ?? name
      }
    }
    const lateMs = this.#lateMs - lateBefore
    const endedAt = performance.now()
    this.outcomes.push({ userId, sentAt, endedAt, lateMs, endedOn: Date.now(), answer, error })
  }

  async #ask(url: string, userId: string): Promise<Answer> {
    const response = await this.#agent.request({
      origin: url,
      path: '/v1/profiles/default/tokens',
      method: 'POST',
      headers: { authorization: `Bearer ${this.#options.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ userId }),
      signal: AbortSignal.timeout(patienceMs),
    })
    const headers = new Headers()
    for (const [name, value] of Object.entries(response.headers)) {
      headers.set(name, String(value))
    }
    return { status: response.statusCode, headers, body: await response.body.text() }
  }
}
