import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** An HTTP server that stands where Vault would, for answers that a healthy Vault never gives. */
export interface StandIn {
  url: string
  /** what came in, oldest first */
  requests: { method: string; url: string; headers: IncomingHttpHeaders }[]
}

/** Starts a stand-in on a free port; it ends with the test, whatever is still open. */
export async function standIn(t: Pick<Test, 'teardown'>, answer: RequestListener): Promise<StandIn> {
  const requests: StandIn['requests'] = []
  const server = createServer((request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers })
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}
