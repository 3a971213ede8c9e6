import type { Config } from '../../config/schema.ts'
import { type CallerFault, CallerRefusedError, PadlockError } from '../../errors.ts'
import { mayIssue } from '../../http/callers/authorise.ts'
import type { CallerKeys } from '../../http/callers/caller-keys.ts'
import type { Caller, CallerRules } from '../../http/callers/caller-token.ts'

/** What Padlock says of a caller's JWT. */
export type Verdict =
  | { verdict: 'accepted'; status: 200; caller: Caller }
  | { verdict: 'refused'; status: 401 | 403; callerFault: CallerFault }
  | { verdict: 'not_checked'; status: 503 }

export const rulesOf = (config: Config): CallerRules => ({
  issuer: config.PADLOCK_CALLER_ISSUER,
  audience: config.PADLOCK_CALLER_AUDIENCE,
  clockToleranceSeconds: config.PADLOCK_CALLER_CLOCK_TOLERANCE_SECONDS,
  maxLifeSeconds: config.PADLOCK_CALLER_MAX_LIFE_SECONDS,
})

/**
 * Has a token judged by the code that judges the service's callers: an app that listens nowhere.
 *
 * @param profile whose right is asked for; without it, only who calls
 */
export async function judge(
  token: string,
  keys: CallerKeys,
  rules: CallerRules,
  profile?: string,
): Promise<Verdict> {
  // In the package, CommonJS has no names but `default`.
  const { default: fastify } = await import('fastify')
  const { callerAuth } = await import('../../http/callers/caller-auth.ts')
  const app = fastify()
  const authenticate = await callerAuth(app, { ...rules, keys })
  let verdict: Verdict = { verdict: 'not_checked', status: 503 }
  app.get('/', async (request) => {
    try {
      const caller = await authenticate(request)
      if (profile !== undefined && !mayIssue(caller, profile)) {
        throw new CallerRefusedError('scope')
      }
      verdict = { verdict: 'accepted', status: 200, caller }
    } catch (error) {
      if (!(error instanceof PadlockError)) {
        throw error
      }
      if (error instanceof CallerRefusedError) {
        const { callerFault } = error
        verdict = { verdict: 'refused', status: callerFault === 'scope' ? 403 : 401, callerFault }
      }
    }
    return {}
  })
  try {
    await app.inject({ url: '/', headers: token === '' ? {} : { authorization: `Bearer ${token}` } })
  } finally {
    await app.close()
  }
  return verdict
}
