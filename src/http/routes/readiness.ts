import type { SessionState } from '../../vault/session/session.ts'
import type { AppDeps } from '../deps.ts'

type ComponentStatus = 'ok' | 'degraded' | 'unavailable'

declare module 'fastify' {
  interface FastifyInstance {
    /** whether tokens can be issued now */
    readiness(): ReturnType<ReturnType<typeof createReadiness>>
  }
}

/** What never ends is left out: JSON has no number for it. */
const finite = (seconds: number | undefined) => (Number.isFinite(seconds) ? seconds : undefined)

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

/** Degraded where a token of some profile is over, or not yet good, by Vault's clock as soon as it is made. */
function clockComponent({ clock, profiles }: AppDeps) {
  const { offsetSeconds = 0 } = clock
  const apart = profiles.status().filter(({ name }) => {
    const loaded = profiles.usable(name)
    return loaded !== undefined && Math.abs(offsetSeconds) > loaded.profile.tokenTtlSeconds
  })
  return {
    status: (apart.length > 0 ? 'degraded' : 'ok') as ComponentStatus,
    offsetSeconds: Math.round(offsetSeconds * 10) / 10,
    ...(apart.length > 0 ? { profiles: apart.map(({ name }) => name) } : {}),
  }
}

/** One entry for each component; nothing secret. */
function componentsOf(deps: AppDeps) {
  const profiles = deps.profiles.status()
  const signing = profiles.filter(({ signs }) => signs).length
  const share = (good: number): ComponentStatus =>
    good === 0 ? 'unavailable' : good < profiles.length ? 'degraded' : 'ok'
  return {
    vault: { status: deps.health.status() as ComponentStatus, ...deps.health.details() },
    session: sessionComponent(deps.session.state()),
    clock: clockComponent(deps),
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

/**
 * Makes the judge of whether tokens can be issued.
 *
 * @param isStopping whether the service is stopping
 */
export function createReadiness(deps: AppDeps, isStopping: () => boolean) {
  return () => {
    const components = componentsOf(deps)
    const states = Object.values(components).map(({ status }) => status)
    const stopping = isStopping()
    const unavailable = stopping || states.includes('unavailable')
    const degraded = states.includes('degraded')
    const status = unavailable ? 'unavailable' : degraded ? 'degraded' : 'ready'
    return { status, stopping, components } as const
  }
}
