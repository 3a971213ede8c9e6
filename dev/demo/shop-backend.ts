import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IssuedToken } from '../../src/token/issue.ts'
import type { Desk } from './desk.ts'
import type { Mistakes } from './mistakes.ts'
import { callPadlock, type PadlockCall, sharedIdMetrics } from './padlock-call.ts'
import { beginView, type PageView, type Session, type Sessions } from './sessions.ts'
import { productPage, products, shopFront } from './shop-pages.ts'
import { stepsOfRefusal } from './token-steps.ts'
import { type Visitor, visitors } from './visitors.ts'

/** The tokens that the shop handed out last: how each came to be, and for which page view it was handed out last. */
export type IssuedTokens = Map<
  string,
  { call: PadlockCall; issued: IssuedToken; visitor: Visitor; view: PageView }
>

const mostTokens = 50

export interface ShopOptions {
  padlockUrl: string
  callerToken: string
  sessions: Sessions
  mistakes: Mistakes
  desk: Desk
  tokens: IssuedTokens
}

const hasView = (session: Session | undefined): session is Session & { view: PageView } =>
  session?.view !== undefined

/** The first fault of a body, which says more than the answer's own code, where there is one. */
function reasonOf({ answer }: PadlockCall): string {
  const [fault] = (answer.errors ?? []) as { code: string; detail: string }[]
  const { code, detail } = fault ?? (answer as { code: string; detail: string })
  const sentence = detail.endsWith('.') ? detail : `${detail}.`
  return `Padlock refused: ${code}. ${sentence} There is no token, so the chat stays off.`
}

/** The shop: its pages, its log-in, and the endpoint that its pages get their token from, as the README has it. */
export function shopBackend(
  app: FastifyInstance,
  { padlockUrl, callerToken, sessions, mistakes, desk, tokens }: ShopOptions,
): void {
  const sessionOf = (request: FastifyRequest) => sessions.find(request.headers.cookie)

  function page(request: FastifyRequest, reply: FastifyReply, name: string, html: string): FastifyReply {
    const session = sessionOf(request)
    if (session) {
      beginView(session, name)
    }
    return reply.header('cache-control', 'no-store').type('text/html').send(html)
  }

  app.get('/shop', (request, reply) =>
    page(request, reply, 'All pieces', shopFront(sessionOf(request)?.visitor)),
  )
  for (const product of products) {
    app.get(`/shop/${product.id}`, (request, reply) =>
      page(request, reply, product.name, productPage(product, sessionOf(request)?.visitor)),
    )
  }

  app.post('/shop/log-in', (request, reply) => {
    const visitor = visitors.get(new URLSearchParams(String(request.body)).get('visitor') ?? '')
    if (visitor === undefined) {
      return reply.code(400).send({})
    }
    sessions.end(request.headers.cookie)
    return reply.header('set-cookie', sessions.begin(visitor)).redirect('/shop', 303)
  })
  app.post('/shop/log-out', (request, reply) =>
    reply.header('set-cookie', sessions.end(request.headers.cookie)).redirect('/shop', 303),
  )

  app.post('/chat-token', async (request, reply) => {
    const session = sessionOf(request)
    if (!hasView(session)) {
      return reply.code(401).send({})
    }
    const { visitor, view, keptToken = '' } = session
    const kept = tokens.get(keptToken)
    if (view.mistake === 'replay' && kept) {
      tokens.set(keptToken, { ...kept, view })
      return { token: keptToken }
    }
    const { profile, body } = mistakes.request(visitor, view.mistake)
    const call = await callPadlock(padlockUrl, callerToken, profile, body)
    const { issued } = call
    if (issued === undefined) {
      const alarm = call.answer.code === 'user_id_shared' ? await sharedIdMetrics(padlockUrl) : undefined
      desk.tell(visitor, view, {
        padlock: false,
        reason: reasonOf(call),
        expiresAt: null,
        visitor: null,
        steps: stepsOfRefusal(call, alarm),
      })
      return reply.code(503).send({})
    }
    const { token } = issued
    if (view.mistake === 'brief') {
      session.keptToken = token
    }
    tokens.set(token, { call, issued, visitor, view })
    const [oldest] = tokens.keys()
    if (tokens.size > mostTokens && oldest !== undefined) {
      tokens.delete(oldest)
    }
    return { token }
  })
}
