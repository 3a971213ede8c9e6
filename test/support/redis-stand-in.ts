import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A server that stands where Redis would, for bytes that a healthy Redis never sends. */
export interface RedisStandIn {
  url: string
  /** scripts that were to be run, so far */
  asked: number
  /** what each script is answered with, byte by byte; `reset` breaks the connection */
  answer: Buffer | string | 'reset'
  /** sent as soon as a connection is open, without being asked for */
  greeting: Buffer | string
}

/** A good answer: the first request of a window of a second. */
export const firstOfWindow = '*2\r\n:1\r\n:1000\r\n'

/** Starts one on a free port; it ends with the test. */
export async function redisStandIn(t: Pick<Test, 'teardown'>): Promise<RedisStandIn> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    if (redis.greeting.length > 0) {
      socket.write(redis.greeting)
    }
    socket.on('data', (chunk) => {
      // Each command of Padlock's is small, and EVALSHA or EVAL stands in each once.
      for (const _one of chunk.toString('latin1').matchAll(/\r\neval(sha)?\r\n/gi)) {
        redis.asked += 1
        if (redis.answer === 'reset') {
          socket.resetAndDestroy()
        } else {
          socket.write(redis.answer)
        }
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) {
      socket.destroy()
    }
  })
  const { port } = server.address() as AddressInfo
  const redis: RedisStandIn = {
    ...{ url: `redis://127.0.0.1:${port}`, asked: 0, answer: firstOfWindow, greeting: '' },
  }
  return redis
}
