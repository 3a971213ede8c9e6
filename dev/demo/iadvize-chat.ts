import type { FastifyInstance } from 'fastify'
import type { Conversations } from './conversations.ts'
import type { Desk } from './desk.ts'
import { beginView, type Sessions } from './sessions.ts'

const longestText = 500

/** What the tag asks of iAdvize beside the check of a token: anonymous visitors, log-out, the end of a session, the chat. */
export function iadvizeChat(
  app: FastifyInstance,
  { desk, sessions, conversations }: { desk: Desk; sessions: Sessions; conversations: Conversations },
): void {
  app.post('/iadvize/anonymous', ({ headers }, reply) =>
    reply.header('set-cookie', conversations.beginAnonymous(headers.cookie)).code(204).send(),
  )
  app.post('/iadvize/log-out', ({ headers }, reply) => {
    desk.leave()
    return reply.header('set-cookie', conversations.end(headers.cookie)).code(204).send()
  })

  // iAdvize's session has ended in an open page: the next token's outcome is reported separately from the page view's own.
  app.post('/iadvize/session-end', ({ headers }, reply) => {
    const session = sessions.find(headers.cookie)
    if (session?.view) {
      beginView(session, `${session.view.page.replace(/, again$/, '')}, again`)
    }
    return reply.header('set-cookie', conversations.end(headers.cookie)).code(204).send()
  })

  app.get('/iadvize/messages', ({ headers }, reply) => {
    const visitor = conversations.find(headers.cookie)
    reply.header('cache-control', 'no-store')
    return visitor === undefined
      ? reply.code(401).send({})
      : { verified: visitor.verified, texts: conversations.textsOf(visitor) }
  })
  app.post<{ Body: { text?: unknown } | null }>('/iadvize/messages', ({ headers, body }, reply) => {
    const visitor = conversations.find(headers.cookie)
    const text = typeof body?.text === 'string' ? body.text.trim().slice(0, longestText) : ''
    if (visitor === undefined || text === '') {
      return reply.code(visitor === undefined ? 401 : 400).send({})
    }
    conversations.say(visitor, text)
    const texts = conversations.textsOf(visitor)
    desk.converse({ visitor, texts })
    return { verified: visitor.verified, texts }
  })
}
