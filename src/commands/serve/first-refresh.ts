import { setTimeout as sleep } from 'node:timers/promises'
import type { PadlockError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { backoffMs } from '../../timing/backoff.ts'
import type { ProfileRegistry } from '../../vault/profiles/profile-registry.ts'

/** Reads the profiles as soon as Vault lets it; says whether any of them can sign. */
export async function firstRefresh(
  profiles: ProfileRegistry,
  log: Log,
  stopped: () => boolean,
): Promise<boolean> {
  for (let failures = 1; !stopped(); failures++) {
    try {
      await profiles.refresh()
      return profiles.status().some(({ state }) => state !== 'unusable')
    } catch (error) {
      const { code, message } = error as PadlockError
      const pauseMs = Math.round(backoffMs(failures, 250, 5_000))
      log.warn({ code, pauseMs }, `cannot read the profiles, will try again: ${message}`)
      await sleep(pauseMs)
    }
  }
  return true
}
