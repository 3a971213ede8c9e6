const yearSeconds = 365 * 24 * 60 * 60

/**
 * Security headers for an API, whose answers no browser runs, frames or guesses the type of.
 * Every answer has them, also one that is given before a route, or without one. The page of the API has a
 * Content-Security-Policy of its own.
 *
 * @param tls whether Padlock itself speaks TLS: only then may it ask for TLS from now on (RFC 6797 §7.2)
 */
export function securityHeaders(tls: boolean): Record<string, string> {
  return {
    'Content-Security-Policy': "default-src 'none';frame-ancestors 'none'",
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    ...(tls ? { 'Strict-Transport-Security': `max-age=${yearSeconds}` } : {}),
  }
}
