import { Gauge, type Registry } from 'prom-client'
import type { ProfileStatus } from '../vault/profiles/profile-registry.ts'

const states = ['ready', 'stale', 'unusable'] as const satisfies ProfileStatus['state'][]

/** The state of each profile, the version of the signing key that it signs with, and the key that it encrypts to. */
export function profileMetrics(registry: Registry, profiles: { status(): ProfileStatus[] }): void {
  new Gauge({
    name: 'padlock_profile_state',
    help: '1 for the state of a profile: `ready`, `stale` (the last good settings are in use) or `unusable`',
    labelNames: ['profile', 'state'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name: profile, state: current } of profiles.status()) {
        for (const state of states) {
          this.set({ profile, state }, state === current ? 1 : 0)
        }
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
      for (const { name: profile, keyVersion } of profiles.status()) {
        if (keyVersion !== undefined) {
          this.set({ profile }, keyVersion)
        }
      }
    },
  })
  new Gauge({
    name: 'padlock_profile_recipient_key',
    help: '1 for the fingerprint of the key that a profile encrypts tokens to; none while it is unusable',
    labelNames: ['profile', 'fingerprint'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name: profile, recipientKey: fingerprint } of profiles.status()) {
        if (fingerprint !== undefined) {
          this.set({ profile, fingerprint }, 1)
        }
      }
    },
  })
}
