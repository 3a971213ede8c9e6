import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JWK } from 'jose'
import type { Test } from 'tap'

/** The JWK Set URL of an issuer of callers' JWTs, whose keys and answers a test changes as it goes. */
export interface JwksServer {
  url: string
  keys: JWK[]
  /** requests so far */
  requests: number
  /** answers in place of the key set, until it is undefined again */
  answer: RequestListener | undefined
}

/** Starts one on a free port; it ends with the test. */
export async function jwksServer(t: Pick<Test, 'teardown'>, keys: JWK[] = []): Promise<JwksServer> {
  const state: JwksServer = { url: '', keys, requests: 0, answer: undefined }
  const server = createServer((request, response) => {
    state.requests += 1
    if (state.answer !== undefined) state.answer(request, response)
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: state.keys }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  return state
}
