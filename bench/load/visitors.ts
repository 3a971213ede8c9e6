import { setTimeout as sleep } from 'node:timers/promises'
import type { Target } from '../targets/target.ts'
import { TokenConnection } from './token-connection.ts'

/** What clients that honour `Retry-After` saw; times in milliseconds of performance.now(). */
export interface Visits {
  /** each token: when it came, and how long after it was first asked for */
  tokens: { at: number; tookMs: number }[]
  askedAt: number[]
  refusedAt: number[]
  /** neither a token nor a 503 with Retry-After */
  anythingElse: number
}

/** How long a client waits after a token before it asks for another visitor's. */
const pageMs = 1_000
/** A client waits longer than it must by up to this share, so as not to come back with all the others. */
const jitter = 0.5

/**
 * Clients that ask for one visitor's token until they have it: refused, they wait as long as `Retry-After` says, and a
 * little longer. As many as there can be tokens in three seconds ask three times as often as there can be tokens.
 *
 * @param clients each asks once a second as long as nobody has to wait
 */
export async function visit(target: Target, clients: number, seconds: number): Promise<Visits> {
  const visits: Visits = { tokens: [], askedAt: [], refusedAt: [], anythingElse: 0 }
  const idle: TokenConnection[] = []
  const until = performance.now() + seconds * 1000
  const rest = (ms: number) => {
    const untilEnd = Math.max(0, until - performance.now())
    return sleep(Math.min(ms * (1 + Math.random() * jitter), untilEnd))
  }
  async function answered(userId: string) {
    const connection = idle.pop() ?? new TokenConnection(target)
    const answer = await connection.ask(userId)
    idle.push(connection)
    visits.askedAt.push(answer.askedAt)
    return answer
  }
  async function visitOnce(userId: string): Promise<void> {
    const first = performance.now()
    while (performance.now() < until) {
      const { status, retryAfter, answeredAt } = await answered(userId)
      if (status === 200) {
        visits.tokens.push({ at: answeredAt, tookMs: answeredAt - first })
        return
      }
      if (status === 503 && retryAfter !== undefined) {
        visits.refusedAt.push(answeredAt)
      } else {
        visits.anythingElse += 1
      }
      await rest((retryAfter ?? 1) * 1000)
    }
  }
  async function client(_: unknown, i: number): Promise<void> {
    await sleep(Math.random() * pageMs)
    for (let n = 0; performance.now() < until; n++) {
      await visitOnce(`visitor-${i}-${n}`)
      await rest(pageMs)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  for (const connection of idle) {
    connection.close()
  }
  return visits
}
