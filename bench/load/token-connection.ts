import { connect, type Socket } from 'node:net'
import type { Target } from '../targets/target.ts'

/** What a request for a token came to. */
export interface TokenAnswer {
  /** 0 where the connection broke */
  status: number
  /** seconds of `Retry-After`; undefined where there is none */
  retryAfter: number | undefined
  /** milliseconds of performance.now() */
  askedAt: number
  answeredAt: number
}

const endOfHead = '\r\n\r\n'

/** A whole answer of a service that sends `Content-Length`; undefined while some of it is missing. */
function readAnswer(text: string): { status: number; retryAfter: number | undefined } | undefined {
  const end = text.indexOf(endOfHead)
  if (end < 0) {
    return undefined
  }
  const head = text.slice(0, end)
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
  if (text.length < end + endOfHead.length + length) {
    return undefined
  }
  const retryAfter = /\r\nretry-after: (\d+)/i.exec(head)?.[1]
  return { status: Number(head.slice(9, 12)), retryAfter: retryAfter ? Number(retryAfter) : undefined }
}

/**
 * One connection that is kept and asks for one token after another. It costs the processor a fraction of an HTTP client:
 * the load generator shares the cores with what is measured.
 */
export class TokenConnection {
  readonly #target: Target
  #socket: Socket | undefined
  #answered: ((text: string | undefined) => void) | undefined

  constructor(target: Target) {
    this.#target = target
  }

  /** Asks for a visitor's token; one at a time. */
  async ask(userId: string): Promise<TokenAnswer> {
    const { hostname, host, port } = new URL(this.#target.url)
    this.#socket ??= this.#open(hostname, Number(port))
    const { BENCH_PATH, BENCH_TOKEN } = this.#target.env
    const body = `{"userId":"${userId}"}`
    const askedAt = performance.now()
    const answer = Promise.withResolvers<string | undefined>()
    this.#answered = answer.resolve
    this.#socket.write(
      `POST ${BENCH_PATH} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${BENCH_TOKEN}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    const text = await answer.promise
    const { status, retryAfter } = (text && readAnswer(text)) || { status: 0, retryAfter: undefined }
    return { status, retryAfter, askedAt, answeredAt: performance.now() }
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(host: string, port: number): Socket {
    let text = ''
    const ended = () => {
      this.#socket = undefined
      this.#answered?.(undefined)
    }
    return connect({ host, port, noDelay: true })
      .setEncoding('latin1')
      .on('data', (chunk: string) => {
        text += chunk
        if (readAnswer(text) !== undefined) {
          this.#answered?.(text)
          text = ''
        }
      })
      .on('error', ended)
      .on('close', ended)
  }
}
