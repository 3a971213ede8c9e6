import { during, refused } from '../../cli/exit.ts'
import { type OperatorVault, operatorVault } from '../../cli/operator-client.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import type { AppRole } from '../../vault/admin/app-role.ts'
import { type Mount, readAuthMethods, readEngines } from '../../vault/admin/mounts.ts'
import type { NewSecretId } from '../../vault/admin/secret-ids.ts'
import type { VaultClient } from '../../vault/client/client.ts'
import { settingsFaults } from '../../vault/profiles/profile-settings.ts'
import type { StoredProfile } from '../../vault/profiles/profile-store.ts'
import { planAuditedHeader } from './audited-header.ts'
import { planKv, planTransit } from './engines.ts'
import { planRoleIdFile, planSecretId } from './login/credentials.ts'
import { planDrafts } from './login/drafts.ts'
import { OtherCredentials } from './login/other-credentials.ts'
import { planRole } from './login/role.ts'
import { planPolicies } from './policies.ts'
import { planProfile } from './profile.ts'
import type { SetupSettings } from './settings.ts'
import { refuseSharedKey } from './shared-key.ts'
import { planSigningKey } from './signing-key.ts'
import { profileSigningKeys } from './signing-keys.ts'
import type { Step } from './step.ts'
import { planSubjectKey } from './subject-key.ts'

/** What a set-up would do, in order, and what it would give out. */
export interface SetupPlan {
  settings: SetupSettings
  steps: Step[]
  role: AppRole | undefined
  /** the secret_id, once its step has made it */
  secretId: () => NewSecretId | undefined
}

/** A profile that is there keeps its key; a new one gets the key that was asked for. */
function signingKeyOf(settings: SetupSettings, { value }: StoredProfile): string {
  if (value !== undefined && settingsFaults(value).length === 0) {
    return (value as ProfileSettings).signingKey
  }
  return settings.signingKey ?? `padlock-${settings.profile}`
}

async function planAppRole(
  client: VaultClient,
  settings: SetupSettings,
  deliver: (made: NewSecretId) => void,
) {
  const appRole = settings.appRole
  if (appRole === undefined) {
    return { steps: [], role: undefined }
  }
  const methods = await during('Reading the auth methods', readAuthMethods(client))
  const plan = await during('Reading the AppRole role', planRole(client, methods, appRole, settings))
  const others = new OtherCredentials(client, methods, plan.role.path)
  const steps = [...plan.steps]
  for (const file of [appRole.roleIdFile, appRole.secretIdFile]) {
    if (file !== undefined) {
      steps.push(...(await planDrafts(plan.role.secretIds, file)))
    }
  }
  if (appRole.roleIdFile !== undefined) {
    steps.push(await during('Reading the role_id', planRoleIdFile(plan, appRole.roleIdFile, others)))
  }
  steps.push(await during('Looking up the secret_id', planSecretId(client, plan, appRole, others, deliver)))
  return { steps, role: plan.role }
}

/** The plan of `--policies-only`: what an administrator runs after somebody has made or deleted a profile. */
async function planPoliciesOnly(
  { client, profiles }: OperatorVault,
  settings: SetupSettings,
  engines: Map<string, Mount>,
): Promise<SetupPlan> {
  for (const step of [
    planTransit(client, engines, settings.transitMount),
    planKv(client, engines, settings.kvMount),
  ]) {
    if (step.state === 'unchanged') {
      continue
    }
    throw refused(`There is no ${step.kind} at ${step.name}/: run the set-up without --policies-only first.`)
  }
  const keys = await during('Reading the profiles', profileSigningKeys(profiles))
  const steps = await during('Reading the policies', planPolicies(client, settings, keys))
  return { settings, steps, role: undefined, secretId: () => undefined }
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
  const vault = operatorVault(client, settings)
  const engines = await during('Reading the secret engines', readEngines(client))
  if (settings.policiesOnly) {
    return planPoliciesOnly(vault, settings, engines)
  }
  const transit = planTransit(client, engines, transitMount)
  const kv = planKv(client, engines, kvMount)
  const stored = engines.has(kvMount)
    ? await during('Reading the profile', vault.profiles.read(profile))
    : { version: 0, createdAt: undefined, value: undefined }
  const signingKey = signingKeyOf(settings, stored)
  const key = engines.has(transitMount)
    ? await during('Reading the signing key', vault.keys.read(signingKey))
    : undefined
  if (stored.value === undefined && key !== undefined && settings.signingKey === undefined) {
    await during('Reading the policies', refuseSharedKey(client, settings, signingKey))
  }
  const keyStep = planSigningKey(vault.keys, settings, signingKey, key)
  const profileStep = planProfile(vault, settings, stored, signingKey, key)
  const subjectKeyStep = await planSubjectKey(client, settings, engines.has(kvMount))
  const others = engines.has(kvMount)
    ? await during('Reading the profiles', profileSigningKeys(vault.profiles))
    : []
  const policies = await during(
    'Reading the policies',
    planPolicies(client, settings, [...new Set([...others, signingKey])]),
  )
  const auditedHeader = await during('Reading the audited headers', planAuditedHeader(client))
  let made: NewSecretId | undefined
  const appRole = await planAppRole(client, settings, (secretId) => {
    made = secretId
  })
  return {
    settings,
    steps: [transit, kv, keyStep, subjectKeyStep, ...policies, auditedHeader, ...appRole.steps, profileStep],
    role: appRole.role,
    secretId: () => made,
  }
}
