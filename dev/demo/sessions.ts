import { randomUUID } from 'node:crypto'
import { dropCookie, forgetOldest, idInCookie, newId, setCookie } from './cookies.ts'
import type { Visitor } from './visitors.ts'

/**
 * What the shop does wrong on one page view: `undefined` sends that text as the userId; `brief` asks for a token that
 * lives two seconds, and keeps it; `replay` hands that one over again; `shared` sends one userId for every visitor.
 */
export type Mistake = 'undefined' | 'brief' | 'replay' | 'shared'

/** A page view of a visitor who is logged in. */
export interface PageView {
  id: string
  page: string
  at: string
  mistake?: Mistake | undefined
}

/** The shop's session of one browser. */
export interface Session {
  visitor: Visitor
  view?: PageView
  /** for the page view that comes next */
  nextMistake?: Mistake | undefined
  /** a token that should have been forgotten */
  keptToken?: string
}

const mostSessions = 100
const cookieName = 'session'

/** The shop's sessions, in memory: the visitor's id comes from here and from nowhere else. */
export class Sessions {
  readonly #sessions = new Map<string, Session>()

  /** @returns the Set-Cookie header of a new session */
  begin(visitor: Visitor): string {
    const id = newId()
    this.#sessions.set(id, { visitor })
    forgetOldest(this.#sessions, mostSessions)
    return setCookie(cookieName, id)
  }

  /** Ends a session. @returns the Set-Cookie header that takes the cookie away */
  end(cookie: string | undefined): string {
    this.#sessions.delete(idInCookie(cookieName, cookie))
    return dropCookie(cookieName)
  }

  /** @param cookie the request's header */
  find(cookie: string | undefined): Session | undefined {
    return this.#sessions.get(idInCookie(cookieName, cookie))
  }
}

/** Begins a page view: the mistake that was asked for is made on this one alone. */
export function beginView(session: Session, page: string): void {
  session.view = { id: randomUUID(), page, at: new Date().toISOString(), mistake: session.nextMistake }
  session.nextMistake = undefined
}
