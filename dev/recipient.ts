import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import Fastify from 'fastify'
import { acceptToken } from './accept-token.ts'
import { rsaKeyFile } from './rsa-key-file.ts'

const JWKS_TIMEOUT_MS = 2_000

/** Where the customer's public keys come from: the operator says so at the start, never a caller. */
export type CustomerKeys = { jwksUrl: string } | { publicKeyFile: string }

export interface RecipientOptions {
  /** PKCS#8 PEM file with the recipient's private key; it is made where there is none. */
  keyFile: string
  customerKeys: CustomerKeys
  /** Address to bind; 127.0.0.1 without it. */
  host?: string
  /** 0 takes any free port. */
  port: number
}

export interface Recipient {
  /** `http://<host>:<port>` */
  url: string
  /** SPKI PEM to encrypt for. */
  publicKeyPem: string
  close(): Promise<void>
}

/**
 * Starts the recipient that stands where iAdvize stands. Development only: it shows anyone who asks what is in a token.
 * `POST /` takes a compact JWE as text, or `{"token": …}` as JSON, and answers 200 with a Receipt, or 503 when the
 * customer's keys cannot be read. `GET /health` and `GET /public-key.pem` answer 200.
 *
 * @throws Error with one sentence that says what to do when the port is in use or the key file is unfit
 */
export async function startRecipient({
  keyFile,
  customerKeys,
  host = '127.0.0.1',
  port,
}: RecipientOptions): Promise<Recipient> {
  const { privateKey, publicKeyPem } = await rsaKeyFile(keyFile)
  // Nothing keeps a connection open at the end: what is in flight here is worth nothing.
  const app = Fastify({ forceCloseConnections: true })
  // What curl -d sends by default.
  const textTypes = ['text/plain', 'application/x-www-form-urlencoded']
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser(textTypes, { parseAs: 'string' }, (_request, body, done) => done(null, body))

  app.get('/health', () => ({ status: 'ok' }))
  app.get('/public-key.pem', (_request, reply) => reply.type('application/x-pem-file').send(publicKeyPem))
  app.post('/', async (request, reply) => {
    const publicKeys = await readCustomerKeys(customerKeys).catch(() => undefined)
    if (!publicKeys) {
      return reply
        .code(503)
        .send({ error: "The customer's public keys cannot be read.", source: customerKeys })
    }
    return acceptToken(tokenOf(request.body), { privateKey, publicKeys })
  })

  const url = await app.listen({ host, port }).catch(async (cause: NodeJS.ErrnoException) => {
    await app.close()
    if (cause.code !== 'EADDRINUSE') {
      throw cause
    }
    const advice = 'stop what listens there, or set PADLOCK_DEV_RECIPIENT_PORT to a free port.'
    throw new Error(`Port ${port} is in use: ${advice}`, { cause })
  })
  return { url, publicKeyPem, close: () => app.close() }
}

function tokenOf(body: unknown): string {
  if (typeof body === 'string') {
    return body.trim()
  }
  const token = (body as { token?: unknown } | null | undefined)?.token
  return typeof token === 'string' ? token : ''
}

/** Read again for each token, so that a rotation shows at once. */
export async function readCustomerKeys(source: CustomerKeys): Promise<KeyObject[]> {
  if ('publicKeyFile' in source) {
    return [createPublicKey(await readFile(source.publicKeyFile, 'utf8'))]
  }
  const answer = await fetch(source.jwksUrl, {
    signal: AbortSignal.timeout(JWKS_TIMEOUT_MS),
    redirect: 'error',
  })
  const { keys } = (await answer.json()) as { keys: JsonWebKey[] }
  return keys.map((key) => createPublicKey({ key, format: 'jwk' }))
}
