import type { RequestListener } from 'node:http'
import type { JWK } from 'jose'
import type { Test } from 'tap'
import { type StandIn, standIn } from './stand-in.ts'

/** The JWK Set URL of an issuer of callers' JWTs, whose keys and answers a test changes as it goes. */
export interface JwksServer {
  url: string
  keys: JWK[]
  /** requests so far */
  readonly requests: number
  /** answers in place of the key set, until it is undefined again */
  answer: RequestListener | undefined
}

/** Starts one on a free port; it ends with the test. */
export async function jwksServer(t: Pick<Test, 'teardown'>, keys: JWK[] = []): Promise<JwksServer> {
  const server: StandIn = await standIn(t, (request, response) => {
    if (state.answer !== undefined) {
      state.answer(request, response)
    } else {
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: state.keys }))
    }
  })
  const state: JwksServer = {
    url: `${server.url}/keys`,
    keys,
    get requests() {
      return server.requests.length
    },
    answer: undefined,
  }
  return state
}
