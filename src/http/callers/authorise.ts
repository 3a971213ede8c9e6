import type { FastifyRequest } from 'fastify'
import { CallerRefusedError } from '../../errors.ts'
import type { Caller } from './caller-token.ts'

/**
 * True when the caller may issue for a profile: by scope `issue:<profile>` or `issue:*`, or listed by it.
 *
 * @param listed the profile's `callers`
 */
export function mayIssue(caller: Caller, profile: string, listed?: readonly string[]): boolean {
  const scopes = caller.scope.split(' ')
  return (
    scopes.includes(`issue:${profile}`) || scopes.includes('issue:*') || listed?.includes(caller.sub) === true
  )
}

/**
 * Refuses a caller that may not issue for the profile.
 *
 * @throws CallerRefusedError `forbidden`
 */
export async function authorise({ caller, profile }: FastifyRequest): Promise<void> {
  if (!mayIssue(caller, profile.name, profile.callers)) {
    throw new CallerRefusedError('scope')
  }
}
