import { Gauge, type Registry } from 'prom-client'
import type { ProfileStatus } from '../vault/profile-registry.ts'

const states = ['ready', 'stale', 'unusable'] as const satisfies ProfileStatus['state'][]

/**
 * What the profiles are doing: their state, and the version of the signing key that each signs with.
 *
 * @param status asked when the metrics are
 */
export function profileMetrics(registry: Registry, status: () => ProfileStatus[]): void {
  new Gauge({
    name: 'padlock_profile_state',
    help: '1 for the state of a profile: `ready`, `stale` (the last good settings are in use) or `unusable`',
    labelNames: ['profile', 'state'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name: profile, state: current } of status()) {
        for (const state of states) this.set({ profile, state }, state === current ? 1 : 0)
      }
    },
  })
  new Gauge({
    name: 'padlock_profile_key_version',
    help: 'Version of the signing key that a profile signs with; none while it is unusable',
    labelNames: ['profile'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name: profile, keyVersion } of status()) {
        if (keyVersion !== undefined) this.set({ profile }, keyVersion)
      }
    },
  })
}
