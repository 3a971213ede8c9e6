import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import fastify, { type FastifyReply } from 'fastify'
import { padlockToken } from './padlock-token.ts'
import users from './users.json' with { type: 'json' }

const { SHOP_ORIGIN = 'http://127.0.0.1:8080', PORT = '8080' } = process.env

/** What stands for your shop's own customers. */
interface User {
  password: string
  userId: string
  visitorData?: Record<string, string>
}
const customers = new Map<string, User>(Object.entries(users))

declare module 'fastify' {
  interface Session {
    name?: string
  }
}

// The proxy in front of the shop, which speaks TLS.
const app = fastify({ trustProxy: 'loopback' })
await app.register(cookie)
await app.register(session, {
  cookieName: 'session',
  secret: randomBytes(32).toString('base64url'),
  saveUninitialized: false,
  // In production: a store that all of the shop's processes share.
  cookie: { httpOnly: true, sameSite: 'lax', secure: SHOP_ORIGIN.startsWith('https:') },
})

const answer = (reply: FastifyReply, status: number, body = {}) =>
  reply.code(status).header('Cache-Control', 'no-store').send(body)

/** Stands for your shop's own log-in. */
app.post('/login', async (request, reply) => {
  const { name, password } = (request.body ?? {}) as Record<string, unknown>
  if (typeof password !== 'string' || customers.get(String(name))?.password !== password) {
    return answer(reply, 401)
  }
  await request.session.regenerate()
  request.session.name = String(name)
  return answer(reply, 200)
})

app.post('/logout', async (request, reply) => {
  await request.session.destroy()
  return answer(reply, 200)
})

/** The userId comes from the session, and from nothing else that the browser sends. */
app.all('/chat-token', async (request, reply) => {
  if (request.method !== 'POST') {
    return answer(reply, 405)
  }
  // Browsers set Origin and no script can: a page of another site cannot ask in a visitor's name.
  if (request.headers.origin !== SHOP_ORIGIN) {
    return answer(reply, 403)
  }
  const user = customers.get(request.session.name ?? '')
  if (user === undefined) {
    return answer(reply, 401)
  }
  const token = await padlockToken({ userId: user.userId, visitorData: user.visitorData })
  return token === undefined ? answer(reply, 503) : answer(reply, 200, { token })
})

await app.listen({ port: Number(PORT), host: '127.0.0.1' })
