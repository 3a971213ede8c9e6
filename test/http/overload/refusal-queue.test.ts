import { EventEmitter, once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { RefusalQueue } from '../../../src/http/overload/refusal-queue.ts'

/** A server that refuses all; how many connections it had taken when each answer left. */
async function refusingServer(t: Test, maxWaitMs: number) {
  const takenAtAnswer: number[] = []
  let taken = 0
  const server = createServer((_request, response) =>
    queue.add(() => {
      takenAtAnswer.push(taken)
      response.writeHead(503).end()
    }),
  )
  server.on('connection', () => {
    taken += 1
  })
  const queue = new RefusalQueue(server, maxWaitMs)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sockets: Socket[] = []
  const open = () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    sockets.push(socket)
  }
  t.teardown(() => {
    for (const socket of sockets) {
      socket.destroy()
    }
    server.closeAllConnections()
    return new Promise((closed) => (server as Server).close(closed))
  })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const ask = async () => {
    const [answer] = (await once(get({ port, host: '127.0.0.1', agent }), 'response')) as [IncomingMessage]
    answer.resume()
    return answer.statusCode
  }
  return { ask, open, takenAtAnswer }
}

t.test('a refusal is answered when all who wanted to connect are in', async (t) => {
  const { ask, open, takenAtAnswer } = await refusingServer(t, 60_000)
  t.equal(await ask(), 503, 'and at once where nobody does')
  const second = ask()
  for (let i = 0; i < 200; i++) {
    open()
  }
  t.equal(await second, 503)
  t.equal(takenAtAnswer[0], 1)
  t.ok((takenAtAnswer[1] as number) > 200)
})

t.test('it does not wait for ever where one comes after another', async (t) => {
  // One in each turn of the event loop, which a real client cannot promise.
  const server = new EventEmitter() as Server
  const maxWaitMs = 50
  const start = performance.now()
  const tookMs = await new Promise<number>((answered) => {
    let coming = true
    new RefusalQueue(server, maxWaitMs).add(() => {
      coming = false
      answered(performance.now() - start)
    })
    const another = () => {
      if (coming) {
        server.emit('connection')
        setImmediate(another)
      }
    }
    another()
  })
  t.ok(tookMs >= maxWaitMs, 'though they kept coming')
})

t.test('of many, each is answered once', async (t) => {
  const { ask, takenAtAnswer } = await refusingServer(t, 60_000)
  const answers = await Promise.all(Array.from({ length: 450 }, ask))
  t.strictSame(new Set(answers), new Set([503]))
  t.equal(takenAtAnswer.length, 450)
  t.equal(takenAtAnswer[0], 450, 'not one before all are in')
})
