import type { Redis } from 'ioredis'

/** Most bytes of one answer: an answer to Padlock's own commands has fewer than a hundred. */
const maxAnswerBytes = 64 * 1024

/** What ioredis 6 reads a connection's answers with. */
interface AnswerHandler {
  redis: Redis & { commandQueue: { length: number } }
  dispatch(this: AnswerHandler, handle: () => void): void
  returnPush(reply: unknown): void
  returnFatalError(error: Error): void
}

const ended = new WeakSet<AnswerHandler>()
const received = new WeakMap<object, number>()

function end(handler: AnswerHandler, error: unknown): void {
  ended.add(handler)
  handler.returnFatalError(error as Error)
  // ioredis would only half-close it, and go on to read.
  handler.redis.stream.destroy()
}

/**
 * Makes ioredis end the connection at an answer that it cannot handle. As it comes, it throws the exception again
 * where nothing can catch it, so that `$-1`, sent without being asked for, ends the process (ioredis 6.0.0,
 * `DataHandler.dispatch`). An answer that nothing asked for ends the connection too.
 */
export async function endAtOddAnswers(): Promise<void> {
  const { default: module } = await import('ioredis/built/DataHandler.js')
  const DataHandler = ((module as { default?: unknown }).default ?? module) as { prototype: AnswerHandler }
  DataHandler.prototype.returnPush = () => {
    throw new Error('a push message that nothing asked for')
  }
  DataHandler.prototype.dispatch = function (handle) {
    if (ended.has(this)) {
      return
    }
    received.set(this.redis.stream, 0)
    try {
      if (this.redis.commandQueue.length === 0) {
        throw new Error('an answer that nothing asked for')
      }
      handle()
    } catch (error) {
      end(this, error)
    }
  }
}

/** Ends the connection when more than 64 KiB came without a whole answer. */
export function boundAnswers(redis: Redis): void {
  redis.on('connect', () => {
    const { stream } = redis
    stream.on('data', (chunk: Buffer) => {
      const bytes = (received.get(stream) ?? 0) + chunk.length
      received.set(stream, bytes)
      if (bytes > maxAnswerBytes + chunk.length) {
        stream.destroy(new Error('an answer that is too large'))
      }
    })
  })
}
