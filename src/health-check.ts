import { request as httpRequest } from 'node:http'
import { connect } from 'node:tls'
import { cleanValue } from './config/clean-value.ts'

/*
 * The image's health check, which has no shell or curl: exit code 0 when the Padlock beside it answers.
 *
 * Over TLS it asks for no more than the start of a TLS 1.3 handshake, which needs no client certificate and is
 * answered by the same event loop as all requests. What answers on the loopback is not verified: nothing is sent.
 */
const { PADLOCK_PORT, PADLOCK_TLS_CERT_FILE } = process.env
const where = { host: '127.0.0.1', port: Number(cleanValue(PADLOCK_PORT ?? '') || 3000) }
const ended = (ok: boolean) => process.exit(ok ? 0 : 1)

setTimeout(() => ended(false), 2_500).unref()
const attempt = PADLOCK_TLS_CERT_FILE
  ? connect({ ...where, rejectUnauthorized: false, minVersion: 'TLSv1.3' }, () => ended(true))
  : httpRequest({ ...where, path: '/health/live' }, ({ statusCode }) => ended(statusCode === 200)).end()
attempt.on('error', () => ended(false))
