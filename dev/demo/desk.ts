import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { ChatVisitor } from './conversations.ts'
import type { PageView } from './sessions.ts'
import type { TokenStep } from './token-steps.ts'
import { fullName, type Visitor } from './visitors.ts'

/** What the agent's desk shows of one page view. */
export interface DeskEntry {
  id: string
  at: string
  page: string
  mistake: PageView['mistake'] | null
  /** who the shop's session says it is */
  sessionOf: string
  /** times that the tag asked for a token or showed one: 4 at the most, the first and 3 retries */
  attempts: number
  /** the padlock: the recipient accepted the token */
  padlock: boolean
  /** in one sentence, where there is no padlock */
  reason: string | null
  /** RFC 3339; null where there is no token */
  expiresAt: string | null
  /** of the verified token; null without a padlock */
  visitor: { userId: string; data: Record<string, string> } | null
  steps: TokenStep[]
}

/** What a visitor wrote in the chat. */
export interface Conversation {
  visitor: ChatVisitor
  texts: readonly string[]
}

type DeskEvent = ['view', DeskEntry] | ['conversation', Conversation] | ['log-out', null]

const mostEntries = 20

/** The agent's desk: the last page views and the conversation at hand, told to every open desk as they come. */
export class Desk {
  readonly #entries: DeskEntry[] = []
  readonly #open = new Set<ServerResponse>()
  /** what came after the last page view */
  #since: DeskEvent[] = []

  /** Reports an attempt of a page view; the last attempt's outcome stands. */
  tell(
    visitor: Visitor,
    view: PageView,
    outcome: Pick<DeskEntry, 'padlock' | 'reason' | 'expiresAt' | 'visitor' | 'steps'>,
  ): void {
    const known = this.#entries.find(({ id }) => id === view.id)
    const entry: DeskEntry = {
      id: view.id,
      at: view.at,
      page: view.page,
      mistake: view.mistake ?? null,
      sessionOf: fullName(visitor),
      attempts: (known?.attempts ?? 0) + 1,
      ...outcome,
    }
    if (known) {
      Object.assign(known, entry)
    } else {
      this.#entries.unshift(entry)
    }
    this.#entries.splice(mostEntries)
    this.#since = []
    this.#broadcast(['view', entry])
  }

  /** Reports all that a visitor has written. */
  converse(conversation: Conversation): void {
    this.#tellSince(['conversation', conversation])
  }

  /** The visitor has logged out: nobody is at the desk. */
  leave(): void {
    this.#tellSince(['log-out', null])
  }

  /**
   * Answers with server-sent events (HTML Standard §9.2): what there is, oldest first, then what comes.
   *
   * @param headers what every answer has
   */
  follow(response: ServerResponse, headers: OutgoingHttpHeaders): void {
    const own = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
    response.writeHead(200, { ...headers, ...own })
    response.write('retry: 1000\n\n')
    for (const entry of this.#entries.toReversed()) {
      send(response, ['view', entry])
    }
    for (const event of this.#since) {
      send(response, event)
    }
    this.#open.add(response)
    response.once('close', () => this.#open.delete(response))
  }

  #tellSince(event: DeskEvent): void {
    // Of a kind, the last says all; a log-out ends what was before it.
    this.#since =
      event[0] === 'log-out' ? [event] : [...this.#since.filter(([kind]) => kind !== event[0]), event]
    this.#broadcast(event)
  }

  #broadcast(event: DeskEvent): void {
    for (const response of this.#open) {
      send(response, event)
    }
  }
}

function send(response: ServerResponse, [kind, data]: DeskEvent): void {
  response.write(`event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`)
}
