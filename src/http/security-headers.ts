import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import helmet from 'helmet'

const yearSeconds = 365 * 24 * 60 * 60

/**
 * Security headers for an API, whose answers no browser has any business to run, frame or guess the type of. The
 * page of the API has a Content-Security-Policy of its own.
 *
 * @param tls whether Padlock itself speaks TLS: only then may it ask for TLS from now on (RFC 6797 §7.2)
 */
export function securityHeaders(app: FastifyInstance, tls: boolean): void {
  const headers = headersOf(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      strictTransportSecurity: tls && { maxAge: yearSeconds, includeSubDomains: false },
      xFrameOptions: { action: 'deny' },
      // What remains is for pages of browsers long gone.
      originAgentCluster: false,
      xDnsPrefetchControl: false,
      xDownloadOptions: false,
      xPermittedCrossDomainPolicies: false,
      xXssProtection: false,
    }),
  )
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
}

/** What helmet sets, worked out once: @fastify/helmet does so in every request, for a tenth of what a token costs here. */
function headersOf(middleware: ReturnType<typeof helmet>): Record<string, string> {
  const headers: Record<string, string> = {}
  const response = {
    setHeader: (name: string, value: string) => {
      headers[name] = value
    },
    removeHeader: () => {},
  }
  middleware({} as IncomingMessage, response as unknown as ServerResponse, () => {})
  return headers
}
