import { during, refused } from '../../cli/exit.ts'
import { clientWithToken, type VaultClient } from '../../vault/client/client.ts'
import { ProfileConflictError } from '../../vault/profiles/profile-store.ts'
import { planSetup, type SetupPlan } from './plan.ts'
import { reportSetup, type SetupReport } from './report.ts'
import type { SetupSettings } from './settings.ts'
import type { Step } from './step.ts'

/** Who watches a plan being carried out. */
export interface SetupWatch {
  /** once it is aborted, no further step is begun */
  interrupted?: AbortSignal
  /** is given each step and its work, which it awaits */
  underWay?: (step: Step, work: Promise<void>) => Promise<void>
}

/**
 * Carries a plan out, step by step. A run that breaks off is finished by running the set-up again.
 *
 * @throws CommandError, which says at what step
 */
export async function applySetup(
  client: VaultClient,
  plan: SetupPlan,
  { interrupted, underWay = (_step, work) => work }: SetupWatch = {},
): Promise<SetupReport> {
  for (const step of plan.steps) {
    const { kind, name, apply } = step
    if (apply === undefined) {
      continue
    }
    if (interrupted?.aborted) {
      throw refused(`Stopped before ${kind} ${name}: run the set-up again to finish.`)
    }
    await during(`${kind} ${name}`, underWay(step, apply())).catch((error: unknown) => {
      throw error instanceof ProfileConflictError ? refused(error.message) : error
    })
  }
  return during('Reading what was set up', reportSetup(client, plan))
}

/**
 * Sets Vault up for Padlock: engines, signing key, policies, login and first profile. What is there already
 * stays; a second run changes nothing.
 *
 * @param token of an administrator
 * @throws CommandError
 */
export async function runSetup(
  client: VaultClient,
  token: string,
  settings: SetupSettings,
): Promise<SetupReport> {
  const withToken = clientWithToken(client, token)
  return applySetup(withToken, await planSetup(withToken, settings))
}
