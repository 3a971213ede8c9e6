import type { ProfileSettings } from '../../token/profile.ts'
import type { RolePath } from '../../vault/approle.ts'
import type { VaultClient } from '../../vault/client.ts'
import { readAuthMethods, readEngines } from '../../vault/mounts.ts'
import { settingsFaults } from '../../vault/profile-settings.ts'
import { readStoredProfile, type StoredProfile } from '../../vault/profile-store.ts'
import type { NewSecretId } from '../../vault/secret-id.ts'
import { readTransitKey } from '../../vault/transit-keys.ts'
import { during } from '../exit.ts'
import { planRoleIdFile, planSecretId } from './credentials.ts'
import { planKv, planTransit } from './engines.ts'
import { planPolicies } from './policies.ts'
import { planProfile } from './profile.ts'
import { planRole } from './role.ts'
import type { SetupSettings } from './settings.ts'
import { planSigningKey } from './signing-key.ts'
import type { Step } from './step.ts'
import { planSubjectKey } from './subject-key.ts'

/** What a set-up would do, in order, and what it would give out. */
export interface SetupPlan {
  settings: SetupSettings
  steps: Step[]
  /** transit key that the profile signs with */
  signingKey: string
  role: RolePath | undefined
  /** the secret_id, once its step has made it */
  secretId: () => NewSecretId | undefined
}

/** A profile that is there keeps its key; a new one gets the key that was asked for. */
function signingKeyOf(settings: SetupSettings, { value }: StoredProfile): string {
  if (value !== undefined && settingsFaults(value).length === 0) return (value as ProfileSettings).signingKey
  return settings.signingKey ?? `padlock-${settings.profile}`
}

async function planAppRole(
  client: VaultClient,
  settings: SetupSettings,
  deliver: (made: NewSecretId) => void,
) {
  const appRole = settings.appRole
  if (appRole === undefined) return { steps: [], path: undefined }
  const methods = await during('Reading the auth methods', readAuthMethods(client))
  const role = await during('Reading the AppRole role', planRole(client, methods, appRole))
  const steps = [...role.steps]
  if (appRole.roleIdFile !== undefined) {
    steps.push(await during('Reading the role_id', planRoleIdFile(client, role, appRole.roleIdFile)))
  }
  steps.push(await during('Looking up the secret_id', planSecretId(client, role, appRole, deliver)))
  return { steps, path: role.path }
}

/**
 * Reads what there is in Vault and says what is left to do; changes nothing.
 *
 * @param client with an administrator's token
 * @throws CommandError with the reason: exit code 1 for what must not be, 2 for what is not given, 3 for a
 *   Vault that does not answer
 */
export async function planSetup(client: VaultClient, settings: SetupSettings): Promise<SetupPlan> {
  const { transitMount, kvMount, profile } = settings
  const engines = await during('Reading the secret engines', readEngines(client))
  const transit = planTransit(client, engines, transitMount)
  const kv = planKv(client, engines, kvMount)
  const stored = engines.has(kvMount)
    ? await during('Reading the profile', readStoredProfile(client, kvMount, profile))
    : { version: 0, value: undefined }
  const signingKey = signingKeyOf(settings, stored)
  const key = engines.has(transitMount)
    ? await during('Reading the signing key', readTransitKey(client, transitMount, signingKey))
    : undefined
  const keyStep = planSigningKey(client, settings, signingKey, key)
  const profileStep = planProfile(client, settings, stored, signingKey, key)
  const subjectKeyStep = await planSubjectKey(client, settings, engines.has(kvMount))
  const paths = {
    ...{ transitMount, kvMount },
    appRoleMount: settings.appRole?.mount ?? 'approle',
    appRoleName: settings.appRole?.role ?? 'padlock',
  }
  const policies = await during('Reading the policies', planPolicies(client, paths))
  let made: NewSecretId | undefined
  const appRole = await planAppRole(client, settings, (secretId) => {
    made = secretId
  })
  return {
    settings,
    signingKey,
    steps: [transit, kv, keyStep, subjectKeyStep, ...policies, ...appRole.steps, profileStep],
    role: appRole.path,
    secretId: () => made,
  }
}
