import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'

/** What stands between a shop and Padlock, and can take its place. */
export interface Relay {
  url: string
  /** every Authorization that came, in order */
  authorizations: string[]
  /** how many requests came to where a redirect led */
  followed: number
  /** what is done with each request; `pass` hands it to Padlock as it came */
  mode: 'pass' | 'stranger' | 'redirect' | 'silent' | 'reset' | 'page' | 'page200'
  /** Does something while nothing listens at the address. */
  away(work: () => Promise<void>): Promise<void>
}

/** Starts a relay before a Padlock, in mode `pass`. It ends with the test. */
export async function startRelay(t: Pick<Test, 'teardown'>, padlockUrl: string): Promise<Relay> {
  const relay: Relay = { url: '', authorizations: [], followed: 0, mode: 'pass', away }

  async function away(work: () => Promise<void>): Promise<void> {
    const { port } = server.address() as AddressInfo
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    await work()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }

  async function pass(request: IncomingMessage, response: ServerResponse, authorization: string) {
    const answer = await fetch(padlockUrl + request.url, {
      method: request.method ?? 'GET',
      headers: { authorization, 'content-type': request.headers['content-type'] ?? '' },
      body: await buffer(request),
    })
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    response.end(await answer.text())
  }
  const page = (response: ServerResponse, status: number) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end('<html>Bad gateway</html>')

  const server = createServer(async (request, response) => {
    const { authorization = '' } = request.headers
    if (request.url === '/elsewhere') {
      relay.followed++
      return response.end('{"token":"a.b.c.d.e"}')
    }
    relay.authorizations.push(authorization)
    switch (relay.mode) {
      case 'pass':
        return pass(request, response, authorization)
      case 'stranger':
        return pass(request, response, 'Bearer no.such.caller')
      case 'redirect':
        return response.writeHead(307, { location: `${relay.url}/elsewhere` }).end()
      case 'reset':
        return request.socket.destroy()
      case 'page':
        return page(response, 502)
      case 'page200':
        return page(response, 200)
      default:
        return undefined
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  relay.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return relay
}
