import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { VisitorData } from '../../src/token/claims.ts'
import { briefProfile, sharedIdProfile } from './profiles.ts'
import type { Mistake, Sessions } from './sessions.ts'
import { type Visitor, visitors } from './visitors.ts'

/** What the shop asks Padlock for. */
interface TokenCall {
  profile: string
  body: { userId: string; visitorData?: VisitorData }
}

const known: readonly unknown[] = ['undefined', 'brief', 'replay', 'shared'] satisfies Mistake[]

/** What the shop does wrong on purpose. */
export class Mistakes {
  /** the userId that broken code sends for everybody; another one each time that the first visitor comes with it */
  #sharedId = ''

  /** What the shop asks for: the session's own id, unless this page view is to do it wrong. */
  request({ userId, visitorData }: Visitor, mistake: Mistake | undefined): TokenCall {
    if (mistake === 'undefined') {
      // What `String(session.user?.id)` makes of a user who is not there.
      return { profile: 'default', body: { userId: 'undefined' } }
    }
    if (mistake === 'shared') {
      // What a value that is cached for everybody does.
      return { profile: sharedIdProfile, body: { userId: this.#sharedId, visitorData } }
    }
    return { profile: mistake === 'brief' ? briefProfile : 'default', body: { userId, visitorData } }
  }

  /**
   * `POST /demo/mistake`: what the shop does wrong on its next page view. `visitor` logs that one in; without it, whoever
   * is not logged in becomes the first visitor.
   */
  serve(app: FastifyInstance, sessions: Sessions): void {
    const [first] = visitors.values()
    app.post<{ Body: { mistake?: unknown; visitor?: unknown } | null }>('/demo/mistake', (request, reply) => {
      const { mistake, visitor: name } = request.body ?? {}
      const named = visitors.get(String(name))
      if (!known.includes(mistake) || (name !== undefined && named === undefined)) {
        return reply.code(400).send({})
      }
      let session = sessions.find(request.headers.cookie)
      if (session === undefined || (named && named !== session.visitor)) {
        sessions.end(request.headers.cookie)
        const cookie = sessions.begin(named ?? (first as Visitor))
        reply.header('set-cookie', cookie)
        session = sessions.find(cookie)
      }
      if (session) {
        session.nextMistake = mistake as Mistake
      }
      if (mistake === 'shared' && session?.visitor === first) {
        this.#sharedId = `cached-${randomUUID()}`
      }
      return reply.code(204).send()
    })
  }
}
