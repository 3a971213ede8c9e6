import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'

const yearSeconds = 365 * 24 * 60 * 60

/**
 * Security headers for an API, whose answers no browser has any business to run, frame or guess the type of. The
 * page of the API has a Content-Security-Policy of its own.
 *
 * @param tls whether Padlock itself speaks TLS: only then may it ask for TLS from now on (RFC 6797 §7.2)
 */
export async function securityHeaders(app: FastifyInstance, tls: boolean): Promise<void> {
  await app.register(helmet, {
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
  })
}
