import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { PadlockError } from '../../errors.ts'
import { bareProblem } from '../contract/problem.ts'
import type { AppDeps } from '../deps.ts'
import { countedReport } from '../reporting/counted-report.ts'
import { EventLoopDelay } from './event-loop-delay.ts'
import { RefusalQueue } from './refusal-queue.ts'

/** What is asked for at the door must be expected within this share of the deadline: what cannot be measured needs the rest. */
const expectedShare = 0.5
/** Share of the deadline by which the event loop may be late; all that waits in sockets waits as long. */
const loopDelayShare = 0.1

/** Share of the deadline for which a refusal may wait until nobody new connects. */
const refusalShare = 0.25

/** For a name of no profile, so of no signing key. */
const overloaded = new PadlockError('overloaded')

const tokenPath = /^\/v1\/profiles\/([^/?]+)\/tokens(?:$|\?)/

/**
 * Refuses requests for tokens which would come too late, before Fastify sees them: with `overloaded`, at about a
 * quarter of the processor time that a refusal takes after authentication, since in a flood it is the refusals that
 * there are many of. It says nothing of the caller, nor of what is asked.
 *
 * @param always headers that every answer of the service has
 */
export async function shedLoad(
  app: FastifyInstance,
  deps: AppDeps,
  always: Record<string, string>,
): Promise<void> {
  const { config, log, metrics, profiles, signer } = deps
  const deadlineMs = config.PADLOCK_REQUEST_DEADLINE_MS
  const maxEventLoopDelay = Math.ceil(deadlineMs * loopDelayShare)
  // What the next calls to Vault can take: a few requests are no flood, however late the event loop is.
  const fewRequests = config.PADLOCK_SIGN_IN_FLIGHT * config.PADLOCK_SIGN_BATCH_MAX
  let inFlight = 0
  // A loop that makes no turn in an interval counts as infinitely late: the interval must be long enough for that to be true.
  const eventLoop = new EventLoopDelay(maxEventLoopDelay * 2)
  app.addHook('onClose', async () => eventLoop.stop())

  function refusal({ method, url = '' }: IncomingMessage): PadlockError | undefined {
    const name = method === 'POST' ? tokenPath.exec(url)?.[1] : undefined
    // While the instance stops, the route says so.
    if (name === undefined || app.drain.phase === 'refusing') {
      return undefined
    }
    const key = profiles.usable(name)?.profile.pinnedKey
    if (inFlight >= fewRequests && eventLoop.meanMs > maxEventLoopDelay) {
      return key === undefined ? overloaded : signer.overloaded(key)
    }
    const late = key && signer.refusal(key, performance.now() + deadlineMs * expectedShare)
    return late?.code === 'overloaded' ? late : undefined
  }

  const report = countedReport<void>((refused) =>
    log.warn({ code: 'overloaded', refused }, 'requests for tokens were refused before they were looked at'),
  )

  function refuse(response: ServerResponse, error: PadlockError): void {
    metrics.requests.inc({ code: 'overloaded' })
    report()
    const { headers, body } = bareProblem(error, randomUUID(), always)
    response.writeHead(error.status, headers)
    response.end(body)
  }
  const refusals = new RefusalQueue(app.server, deadlineMs * refusalShare)

  const [serve] = app.server.listeners('request').slice(-1) as [typeof answer]
  function answer(request: IncomingMessage, response: ServerResponse): void {
    const error = refusal(request)
    if (error !== undefined) {
      refusals.add(() => refuse(response, error))
      return
    }
    inFlight += 1
    response.once('close', () => {
      inFlight -= 1
    })
    serve(request, response)
  }
  app.server.off('request', serve).on('request', answer)
}
