import { randomBytes } from 'node:crypto'
import express, { type Response } from 'express'
import session from 'express-session'
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

declare module 'express-session' {
  interface SessionData {
    name: string
  }
}

const app = express()
// The proxy in front of the shop, which speaks TLS.
app.set('trust proxy', 'loopback')
app.use(
  session({
    name: 'session',
    secret: randomBytes(32).toString('base64url'),
    resave: false,
    saveUninitialized: false,
    // In production: a store that all of the shop's processes share.
    cookie: { httpOnly: true, sameSite: 'lax', secure: SHOP_ORIGIN.startsWith('https:') },
  }),
)

const answer = (response: Response, status: number, body = {}) =>
  response.status(status).set('Cache-Control', 'no-store').json(body)

/** Stands for your shop's own log-in. */
app.post('/login', express.json(), (request, response) => {
  const { name, password } = request.body ?? {}
  if (typeof password !== 'string' || customers.get(name)?.password !== password) {
    answer(response, 401)
    return
  }
  request.session.regenerate(() => {
    request.session.name = name
    answer(response, 200)
  })
})

app.post('/logout', (request, response) => {
  request.session.destroy(() => answer(response, 200))
})

/** The userId comes from the session, and from nothing else that the browser sends. */
app.all('/chat-token', async (request, response) => {
  if (request.method !== 'POST') {
    return answer(response, 405)
  }
  // Browsers set Origin and no script can: a page of another site cannot ask in a visitor's name.
  if (request.headers.origin !== SHOP_ORIGIN) {
    return answer(response, 403)
  }
  const user = customers.get(request.session.name ?? '')
  if (user === undefined) {
    return answer(response, 401)
  }
  const token = await padlockToken({ userId: user.userId, visitorData: user.visitorData })
  return token === undefined ? answer(response, 503) : answer(response, 200, { token })
})

app.listen(Number(PORT), '127.0.0.1')
