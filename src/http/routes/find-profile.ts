import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { CallerRefusedError, PadlockError } from '../../errors.ts'
import type { ProfileRegistry } from '../../vault/profiles/profile-registry.ts'
import { isProfileName } from '../../vault/profiles/profile-settings.ts'
import { mayIssue } from '../callers/authorise.ts'

/** The part of an address that names a profile. */
export const ProfileParams = Type.Object({
  profile: Type.String({ description: "the profile's name", examples: ['default'] }),
})

/** What an address has in a profile's place: of any form. */
export const askedProfile = ({ params }: FastifyRequest): string =>
  (params as Static<typeof ProfileParams>).profile

/**
 * Finds the profile that a caller asks a token for. One that cannot be used answers with its own code first: nobody
 * can say whom it lists. Whether there is none, only a caller that might issue for it learns.
 *
 * @throws PadlockError `profile_not_found`, `forbidden`, or the code of what keeps the profile from signing
 */
export function findProfile(profiles: ProfileRegistry) {
  return async (request: FastifyRequest): Promise<void> => {
    const name = askedProfile(request)
    request.profileName = isProfileName(name) ? name : undefined
    const found = request.profileName && profiles.find(request.profileName)
    if (!found) {
      throw mayIssue(request.caller, name)
        ? new PadlockError('profile_not_found')
        : new CallerRefusedError('scope')
    }
    request.profile = found.profile
  }
}
