import type { FastifyRequest } from 'fastify'
import { PadlockError } from '../../errors.ts'
import type { Admission } from '../../token/signer.ts'

/**
 * Refuses, before its body is read, a request whose token would come too late, or may not be issued now.
 *
 * @param forbids whether no token may be issued, since it could not be recorded
 * @throws PadlockError `issuance_log_unavailable`, `overloaded`, `vault_unavailable` or `vault_sealed`
 */
export function refuseIfLate(signer: Admission, forbids: () => boolean) {
  return async ({ profile, deadline }: FastifyRequest): Promise<void> => {
    if (forbids()) {
      throw new PadlockError('issuance_log_unavailable')
    }
    const refusal = signer.refusal(profile.pinnedKey, deadline)
    if (refusal !== undefined) {
      throw refusal
    }
  }
}
