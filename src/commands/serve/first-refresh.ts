import { setTimeout as sleep } from 'node:timers/promises'
import type { PadlockError } from '../../errors.ts'
import type { ProfileRegistry } from '../../vault/profile-registry.ts'
import type { Log } from '../log.ts'

/** Reads the profiles as soon as Vault lets it; says whether any of them can sign. */
export async function firstRefresh(
  profiles: ProfileRegistry,
  log: Log,
  stopped: () => boolean,
): Promise<boolean> {
  for (let pauseMs = 250; !stopped(); pauseMs = Math.min(pauseMs * 2, 5_000)) {
    try {
      await profiles.refresh()
      return profiles.status().some(({ state }) => state !== 'unusable')
    } catch (error) {
      const { code, message } = error as PadlockError
      log.warn({ code, pauseMs }, `cannot read the profiles, will try again: ${message}`)
      await sleep(pauseMs)
    }
  }
  return true
}
