import { readdir, readFile } from 'node:fs/promises'
import type { OutgoingHttpHeaders } from 'node:http'
import { basename, extname, join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import { Conversations } from './conversations.ts'
import { Desk } from './desk.ts'
import { type IadvizeOptions, iadvize } from './iadvize.ts'
import { iadvizeChat } from './iadvize-chat.ts'
import { Mistakes } from './mistakes.ts'
import { Sessions } from './sessions.ts'
import { type ShopOptions, shopBackend } from './shop-backend.ts'

/** The demo's own page, and what the shop's pages load. */
const folders = ['page', 'shop'].map((name) => join(import.meta.dirname, name))
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Everything from this address, nothing inline; the desk's page alone shows the shop in a frame. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'self'",
].join('; ')

export type DemoOptions = Omit<IadvizeOptions & ShopOptions, keyof ReturnType<typeof sharedState>> & {
  /** 0 takes any free port */
  port: number
}

/** What the shop, iAdvize's stand-in and the desk know together. */
const sharedState = () => ({
  desk: new Desk(),
  tokens: new Map(),
  sessions: new Sessions(),
  conversations: new Conversations(),
  mistakes: new Mistakes(),
})

export interface Demo {
  url: string
  close(): Promise<void>
}

async function assets(app: FastifyInstance): Promise<void> {
  const files = folders.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name)))
  for (const file of (await Promise.all(files)).flat()) {
    const content = await readFile(file)
    const name = basename(file)
    const path = name === 'demo.html' ? '/' : `/assets/${name}`
    app.get(path, (_request, reply) =>
      reply
        .header('cache-control', 'no-cache')
        .type(types[extname(name)] as string)
        .send(content),
    )
  }
}

/** Every answer's headers, and which requests come from the demo's own pages. */
function guard(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      // Not 'no-referrer': with it, forms would send no origin to check.
      'referrer-policy': 'same-origin',
    })
    const { host, origin } = request.headers
    // Another name that leads here would be another site's page, which could read all of it (DNS rebinding).
    if (!/^(127\.0\.0\.1|localhost):\d+$/.test(host ?? '')) {
      return reply.code(421).send({})
    }
    if (request.method !== 'GET' && origin !== `http://${host}`) {
      return reply.code(403).send({})
    }
  })
}

/**
 * Starts the storefront with an agent's desk, on the loopback. Development only: it shows everything of a token to
 * anyone on this machine.
 *
 * @throws Error with one sentence that says what to do when the port is in use
 */
export async function startDemo({ port, ...options }: DemoOptions): Promise<Demo> {
  // Desks hold their connection open for events.
  const app = Fastify({ forceCloseConnections: true, bodyLimit: 65_536 })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, body),
  )
  const shared = sharedState()
  guard(app)
  await assets(app)
  shared.mistakes.serve(app, shared.sessions)
  shopBackend(app, { ...options, ...shared })
  iadvize(app, { ...options, ...shared })
  iadvizeChat(app, shared)
  app.get('/desk/events', (_request, reply) => {
    reply.hijack()
    shared.desk.follow(reply.raw, reply.getHeaders() as OutgoingHttpHeaders)
  })
  const url = await app.listen({ host: '127.0.0.1', port }).catch(async (cause: NodeJS.ErrnoException) => {
    await app.close()
    if (cause.code !== 'EADDRINUSE') {
      throw cause
    }
    const advice = 'stop what listens there, or set PADLOCK_DEV_DEMO_PORT to a free port.'
    throw new Error(`Port ${port} is in use: ${advice}`, { cause })
  })
  return { url, close: () => app.close() }
}
