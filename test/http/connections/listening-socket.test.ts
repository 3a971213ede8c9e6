import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { Drain } from '../../../src/http/connections/drain.ts'

const count = 5

/** Asks over some new connections; wakes the thread that waits on `shared` when the system has taken them all. */
const clients = `
  const { get } = require('node:http')
  const { parentPort, workerData: { port, shared, count } } = require('node:worker_threads')
  parentPort.once('message', async () => {
    let connected = 0
    const ask = () =>
      new Promise((resolve) => {
        const request = get({ port, host: '127.0.0.1', agent: false }, (answer) => resolve(answer.resume().statusCode))
        request.on('error', ({ code }) => resolve(code))
        request.on('socket', (socket) =>
          socket.once('connect', () => {
            connected += 1
            if (connected === count) {
              Atomics.store(shared, 0, 1)
              Atomics.notify(shared, 0)
            }
          }),
        )
      })
    parentPort.postMessage(await Promise.all(Array.from({ length: count }, ask)))
  })
  parentPort.postMessage('ready')
`

t.test('connections that the system has taken before the listening socket closes are answered', async (t) => {
  const server = createServer((_request, response) => response.end())
  const drain = new Drain(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const shared = new Int32Array(new SharedArrayBuffer(4))
  const { port } = server.address() as AddressInfo
  const worker = new Worker(clients, { eval: true, workerData: { port, shared, count } })
  t.teardown(() => worker.terminate())
  await once(worker, 'message')
  const answered = once(worker, 'message')
  worker.postMessage('ask')
  const stopped = drain.stop(0, 20_000)
  // This thread accepts none before the drain's next step, which finds nobody connected.
  Atomics.wait(shared, 0, 0)
  t.strictSame(await answered, [Array(count).fill(200)])
  await stopped
})
