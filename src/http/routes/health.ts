import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { build } from '../../build.ts'
import type { SessionState } from '../../vault/session.ts'
import type { AppDeps } from '../app.ts'
import type { Readiness } from '../readiness-metrics.ts'

type ComponentStatus = 'ok' | 'degraded' | 'unavailable'

const ComponentSchema = Type.Object(
  { status: Type.Union(['ok', 'degraded', 'unavailable'].map((status) => Type.Literal(status))) },
  { additionalProperties: true },
)

const readySchema = (description: string) =>
  Type.Object(
    {
      status: Type.Union(['ready', 'degraded', 'unavailable'].map((status) => Type.Literal(status))),
      stopping: Type.Boolean(),
      components: Type.Record(Type.String(), ComponentSchema),
      build: Type.Record(Type.String(), Type.String()),
    },
    { description },
  )

/** Degraded where a login has failed while its token still serves, or something runs out within a week. */
function sessionComponent({ loggedIn, tokenTtlSeconds, secretIdTtlSeconds, ...state }: SessionState) {
  const fine = state.warnings.length === 0 && state.lastError === undefined
  return {
    status: (!loggedIn ? 'unavailable' : fine ? 'ok' : 'degraded') as ComponentStatus,
    loggedIn,
    ...state,
    tokenTtlSeconds: finite(tokenTtlSeconds),
    secretIdTtlSeconds: finite(secretIdTtlSeconds),
  }
}

/** What never ends is left out: JSON has no number for it. */
const finite = (seconds: number | undefined) => (Number.isFinite(seconds) ? seconds : undefined)

/** `GET /health/live` and `/health/ready`. */
export async function healthRoutes(app: FastifyInstance, deps: AppDeps): Promise<void> {
  /** Degraded where a token of some profile is over, or not yet good, by Vault's clock as soon as it is made. */
  function clockComponent(profiles: readonly { name: string }[]) {
    const { offsetSeconds = 0 } = deps.clock
    const apart = profiles.filter(({ name }) => {
      const loaded = deps.profiles.usable(name)
      return loaded !== undefined && Math.abs(offsetSeconds) > loaded.profile.tokenTtlSeconds
    })
    return {
      status: (apart.length > 0 ? 'degraded' : 'ok') as ComponentStatus,
      offsetSeconds: Math.round(offsetSeconds * 10) / 10,
      ...(apart.length > 0 ? { profiles: apart.map(({ name }) => name) } : {}),
    }
  }

  /** One entry for each component; nothing secret. */
  function components() {
    const profiles = deps.profiles.status()
    const signing = profiles.filter(({ state }) => state !== 'unusable').length
    const share = (good: number): ComponentStatus =>
      good === 0 ? 'unavailable' : good < profiles.length ? 'degraded' : 'ok'
    return {
      vault: { status: deps.health.status() as ComponentStatus, ...deps.health.details() },
      session: sessionComponent(deps.session.state()),
      clock: clockComponent(profiles),
      profiles: {
        status: signing > 0 && profiles.some(({ state }) => state === 'stale') ? 'degraded' : share(signing),
        refreshSeconds: deps.config.PADLOCK_PROFILE_REFRESH_SECONDS,
        entries: profiles,
      },
      recipientKey: { status: share(signing), loaded: signing },
      ...(deps.tls && { tls: deps.tls.state() }),
      callerKeys: { status: (deps.callerKeys.ready() ? 'ok' : 'unavailable') as ComponentStatus },
      ...(deps.issuance && { issuanceLog: deps.issuance.status() }),
    }
  }

  function readiness() {
    const entries = components()
    const states = Object.values(entries).map(({ status }) => status)
    const stopping = app.drain.phase !== 'serving'
    const unavailable = stopping || states.includes('unavailable')
    const status: Readiness['status'] = unavailable
      ? 'unavailable'
      : states.includes('degraded')
        ? 'degraded'
        : 'ready'
    return { status, stopping, components: entries }
  }
  deps.metrics.reportReadiness(readiness)

  app.get(
    '/health/live',
    {
      schema: {
        tags: ['operations'],
        operationId: 'live',
        summary: 'Whether the process answers',
        response: { 200: Type.Object({ status: Type.Literal('live') }, { description: 'It does' }) },
      },
    },
    async (_request, reply) => {
      reply.header('Cache-Control', 'no-store')
      return { status: 'live' }
    },
  )

  app.get(
    '/health/ready',
    {
      schema: {
        tags: ['operations'],
        operationId: 'ready',
        summary: 'Whether tokens can be issued, with one entry for each component',
        response: {
          200: readySchema('Tokens can be issued, for some profiles at least'),
          503: readySchema('No token can be issued now'),
        },
      },
    },
    async (request, reply) => {
      const state = readiness()
      const unavailable = state.status === 'unavailable'
      reply.code(unavailable ? 503 : 200).header('Cache-Control', 'no-store')
      if (unavailable) {
        reply.header('Retry-After', 2)
        request.outcome.code = 'not_ready'
      }
      return { ...state, build }
    },
  )
}
