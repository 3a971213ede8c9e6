import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import etag from '@fastify/etag'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { PadlockError } from '../../errors.ts'
import { icon, script, style } from './docs-theme.ts'

/** Everything from this address, nothing inline, in no frame; `data:` for the icons in the style sheet. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  // The hash is of the one style element that Swagger UI makes by itself.
  "style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The files of the page, of those that Swagger UI brings: no redirect of a log-in that nobody offers, for one. */
const files = [
  ...['index.html', 'index.css', 'swagger-initializer.js', 'swagger-ui.css', 'logo.svg'],
  ...['swagger-ui-bundle.js', 'swagger-ui-standalone-preset.js'],
  ...['theme/padlock.css', 'theme/padlock.js', 'theme/padlock.svg'],
]
const paths: ReadonlySet<string> = new Set([
  ...['/', '/docs', '/docs/', '/docs/json'],
  ...files.map((file) => `/docs/static/${file}`),
])

/** An answer that was made once. */
interface Made {
  status: number
  headers: Record<string, string>
  body: Buffer
}

/** Bytes of an answer that are written at once. */
const pieceBytes = 64 * 1024

/** An answer in pieces: all at once, TLS would encrypt it whole for each peer that asks and does not read. */
function inPieces(body: Buffer): Readable {
  let at = 0
  return new Readable({
    highWaterMark: pieceBytes,
    read() {
      this.push(at < body.length ? body.subarray(at, at + pieceBytes) : null)
      at += pieceBytes
    },
  })
}

declare module 'fastify' {
  interface FastifyRequest {
    /** where this request's answer is to be kept */
    making?: PromiseWithResolvers<Made>
  }
}

/** What of an answer is the same each time. */
const keptHeaders = ['content-type', 'cache-control', 'etag', 'last-modified', 'location']

/**
 * Keeps each answer that was made, by path, and gives it again: reading a file of 1.5 MB, or writing the document, is
 * dear, and anybody may ask for it. Who asks while it is made waits for it. A path that is not the page's is refused.
 */
function makeOnce(app: FastifyInstance): void {
  const made = new Map<string, PromiseWithResolvers<Made>>()
  const pathOf = ({ url }: FastifyRequest) => url.split('?', 1)[0] as string

  app.addHook('onRequest', async (request, reply) => {
    const path = pathOf(request)
    if (!paths.has(path)) {
      throw new PadlockError('not_found')
    }
    const known = await made.get(path)?.promise
    if (known !== undefined) {
      const { status, headers, body } = known
      reply.code(status).headers(headers).header('Content-Length', body.length)
      return reply.send(request.method === 'HEAD' || body.length <= pieceBytes ? body : inPieces(body))
    }
    if (request.method === 'HEAD') {
      return
    }
    const making = Promise.withResolvers<Made>()
    making.promise.catch(() => made.delete(path))
    made.set(path, making)
    // The first is made whole, so that it can be kept.
    for (const field of ['range', 'if-none-match', 'if-modified-since']) {
      delete request.headers[field]
    }
    request.making = making
  })
  app.addHook('onSend', async (request, reply, payload) => {
    const { making } = request
    if (making === undefined) {
      return payload
    }
    try {
      if (reply.statusCode >= 400) {
        throw new PadlockError('internal_error')
      }
      const body =
        payload instanceof Readable ? await buffer(payload) : Buffer.from((payload ?? '') as string)
      const headers: Record<string, string> = {}
      for (const name of keptHeaders) {
        const value = reply.getHeader(name)
        if (value !== undefined) {
          headers[name] = String(value)
        }
      }
      making.resolve({ status: reply.statusCode, headers, body })
      return body
    } catch (error) {
      making.reject(error)
      throw error
    }
  })
}

/** What of a request the page can change before it is sent. */
interface PageRequest {
  headers: Record<string, string>
}

/**
 * `/docs`: a page to read the document and try the API, from this server alone; `/` leads there.
 *
 * @param options sends: whether the page can send requests, which go to where it is
 */
export async function docsPage(app: FastifyInstance, { sends }: { sends: boolean }): Promise<void> {
  await app.register(etag)
  makeOnce(app)
  app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('docs'))
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    // Without one, the plug-in reads its own from where it was installed, which the bundle has not.
    logo: { type: 'image/svg+xml', content: icon },
    theme: {
      title: 'Padlock API',
      favicon: [{ filename: 'padlock.svg', rel: 'icon', type: 'image/svg+xml', sizes: 'any', content: icon }],
      css: [{ filename: 'padlock.css', content: style }],
      js: [{ filename: 'padlock.js', content: script }],
    },
    uiConfig: {
      // Without the bar that asks for another document's address.
      layout: 'BaseLayout',
      // Its links stand inside buttons.
      deepLinking: false,
      syntaxHighlight: false,
      tryItOutEnabled: sends,
      // Many paste the header's whole value. It runs in the browser: nothing from outside it.
      requestInterceptor: (request) => {
        const { headers } = request as unknown as PageRequest
        headers.Authorization &&= headers.Authorization.replace(/^Bearer\s+Bearer\s+/i, 'Bearer ')
        return request
      },
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true,
      // A bearer token is worth keeping from the next user of this browser.
      persistAuthorization: false,
      supportedSubmitMethods: sends ? ['get', 'post'] : [],
    },
  })
}
