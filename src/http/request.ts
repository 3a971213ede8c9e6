import type { FastifyInstance } from 'fastify'
import type { PadlockError } from '../errors.ts'
import type { Profile } from '../token/profile.ts'
import type { RequestTrace } from '../tracing/tracing.ts'
import type { Caller } from './callers/caller-token.ts'
import type { SigningReport } from './reporting/observed-signer.ts'

// What the checks of a request find out about it, each for those that follow. Only reports look at it before it is set.
declare module 'fastify' {
  interface FastifyRequest {
    /** the moment by which it is answered, in milliseconds of performance.now(); set by `startDeadline` */
    deadline: number
    /** who asks; set by `identifyCaller` */
    caller: Caller
    /** what it names as a profile, once that is known to be a name and not whatever anyone sent */
    profileName: string | undefined
    /** what it asks a token for; set by `findProfile` */
    profile: Profile
    /** the error that it is answered with */
    failure: PadlockError | undefined
    /** what became of its signature, once one is asked for */
    signing: SigningReport | undefined
    /** undefined where it is not traced */
    trace: RequestTrace | undefined
  }
}

/** Gives every request these properties from the start: objects of one shape are faster. */
export function decorateRequests(app: FastifyInstance): void {
  for (const property of ['deadline', 'caller', 'profileName', 'profile', 'failure', 'signing', 'trace']) {
    app.decorateRequest(property)
  }
}
