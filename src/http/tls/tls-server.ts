import type { ServerOptions } from 'node:http'
import type { Server, TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { Audience, TlsListener } from './tls-listener.ts'

/** Fastify's options for Node's server; the two servers are one type to it. */
export function listenerOptions(
  tls: TlsListener | undefined,
  node: ServerOptions,
  handshakeMs: number,
  audience: Audience,
) {
  const options =
    tls === undefined ? { http: node } : { https: { ...node, ...tls.options(handshakeMs, audience) } }
  return options as { http: ServerOptions }
}

/** Keeps an app that speaks TLS on the newest certificate, and counts the handshakes that fail. */
export function serveTls(app: FastifyInstance, tls: TlsListener): void {
  const server = app.server as unknown as Server
  // Before Node's own listener, which would have a connection without TLS answered in HTTP.
  server.prependListener('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    tls.failedHandshakes += 1
    app.log.debug({ code: error.code }, 'a TLS handshake failed')
    socket.destroy()
  })
  tls.serve(server)
  app.addHook('onRequest', (request, reply, done) => {
    if (tls.isOutdated(request.raw.socket)) {
      reply.header('Connection', 'close')
    }
    done()
  })
  app.addHook('onClose', async () => tls.stop())
}
