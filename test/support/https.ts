import { type Agent, type RequestOptions, request } from 'node:https'
import { text } from 'node:stream/consumers'
import type { DetailedPeerCertificate, SecureContextOptions, TLSSocket } from 'node:tls'

/** One answer over TLS, and whose certificate it came with. */
export interface HttpsAnswer {
  status: number
  headers: Headers
  body: string
  certificate: DetailedPeerCertificate
}

export interface HttpsOptions
  extends Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'method'>,
    Pick<SecureContextOptions, 'minVersion' | 'maxVersion'> {
  headers?: Record<string, string>
  body?: string
  agent?: Agent
}

/** Asks over TLS, on a connection of its own where no agent is given; `fetch` takes neither a CA nor a certificate. */
export function httpsRequest(url: string, options: HttpsOptions = {}): Promise<HttpsAnswer> {
  const { body, agent = false, ...rest } = options
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, ...rest })
    sent.on('error', reject)
    sent.on('response', async (response) => {
      const certificate = (response.socket as TLSSocket).getPeerCertificate(true)
      const answer = await text(response)
      const headers = new Headers(response.headers as Record<string, string>)
      resolve({ status: response.statusCode as number, headers, body: answer, certificate })
    })
    sent.end(body)
  })
}
