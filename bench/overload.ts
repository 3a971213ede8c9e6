import { growth, type OfferedStep } from './offered.ts'
import type { ReturningStep } from './returning.ts'
import { type StallResult, stalls } from './stall.ts'
import type { Target } from './targets/target.ts'

/** How Padlock does where not all that is asked for can be served. */
export interface Overload {
  offered: OfferedStep[]
  /** by clients that honour `Retry-After` */
  returning: ReturningStep[]
  stalls: StallResult[]
}

/**
 * Measures all of it.
 *
 * @param raw the Vault of Padlock's, without it
 */
export async function overload(padlock: Target, raw: Target, log: (line: string) => void): Promise<Overload> {
  return { ...(await growth(padlock, log)), stalls: await stalls(padlock, raw, log) }
}
