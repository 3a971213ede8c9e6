import { dropCookie, forgetOldest, idInCookie, newId, setCookie } from './cookies.ts'

/** Whom iAdvize takes a browser for: a userId that a token proved, or an anonymous visitor by an id of iAdvize's own. */
export interface ChatVisitor {
  id: string
  verified: boolean
}

const mostVisitors = 100
const mostTexts = 50
const cookieName = 'iadvize'

/** What iAdvize keeps: the sessions of its own, and one conversation for each visitor. Who has the same userId has the same. */
export class Conversations {
  readonly #visitors = new Map<string, ChatVisitor>()
  readonly #texts = new Map<string, string[]>()

  /** @param cookie the request's header */
  find(cookie: string | undefined): ChatVisitor | undefined {
    return this.#visitors.get(idInCookie(cookieName, cookie))
  }

  /** Begins a session of an anonymous visitor, unless there is one already. @returns the Set-Cookie header */
  beginAnonymous(cookie: string | undefined): string {
    const known = this.find(cookie)
    return this.#begin(cookie, known?.verified === false ? known : { id: newId(), verified: false })
  }

  /**
   * Begins a session of a visitor whose token was accepted. What was said before the log-in goes on, unless this userId
   * has a conversation: then that one does.
   *
   * @returns the Set-Cookie header
   */
  beginVerified(cookie: string | undefined, userId: string): string {
    const before = this.find(cookie)
    const visitor = { id: userId, verified: true }
    if (before?.verified === false && this.textsOf(visitor).length === 0) {
      this.#texts.set(keyOf(visitor), [...this.textsOf(before)])
      this.#texts.delete(keyOf(before))
    }
    return this.#begin(cookie, visitor)
  }

  /** Ends a session. @returns the Set-Cookie header that takes the cookie away */
  end(cookie: string | undefined): string {
    this.#visitors.delete(idInCookie(cookieName, cookie))
    return dropCookie(cookieName)
  }

  textsOf(visitor: ChatVisitor): readonly string[] {
    return this.#texts.get(keyOf(visitor)) ?? []
  }

  say(visitor: ChatVisitor, text: string): void {
    this.#texts.set(keyOf(visitor), [...this.textsOf(visitor), text].slice(-mostTexts))
    forgetOldest(this.#texts, mostVisitors)
  }

  #begin(cookie: string | undefined, visitor: ChatVisitor): string {
    this.#visitors.delete(idInCookie(cookieName, cookie))
    const id = newId()
    this.#visitors.set(id, visitor)
    forgetOldest(this.#visitors, mostVisitors)
    return setCookie(cookieName, id)
  }
}

const keyOf = ({ id, verified }: ChatVisitor): string => `${verified ? 'userId' : 'anonymous'} ${id}`
