import type { ServerResponse } from 'node:http'
import type { PageView } from './sessions.ts'
import type { Step } from './token-way.ts'
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
  steps: Step[]
}

const mostEntries = 20

/** The agent's desk: the last page views, told to every open desk as they come. */
export class Desk {
  readonly #entries: DeskEntry[] = []
  readonly #open = new Set<ServerResponse>()

  /** Tells of an attempt of a page view; the last attempt's outcome stands. */
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
    if (known) Object.assign(known, entry)
    else this.#entries.unshift(entry)
    this.#entries.splice(mostEntries)
    for (const response of this.#open) send(response, entry)
  }

  /** Answers with server-sent events (HTML Standard §9.2): what there is, oldest first, then what comes. */
  follow(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write('retry: 1000\n\n')
    for (const entry of this.#entries.toReversed()) send(response, entry)
    this.#open.add(response)
    response.once('close', () => this.#open.delete(response))
  }
}

function send(response: ServerResponse, entry: DeskEntry): void {
  response.write(`id: ${entry.id}\ndata: ${JSON.stringify(entry)}\n\n`)
}
