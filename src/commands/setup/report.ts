import { createPublicKey } from 'node:crypto'
import { type OperatorVault, operatorVault } from '../../cli/operator-client.ts'
import { parseRecipientKey } from '../../keys/recipient-key.ts'
import { keyFingerprint } from '../../keys/rsa-public-key.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import type { VaultClient } from '../../vault/client/client.ts'
import { settingsFaults } from '../../vault/profiles/profile-settings.ts'
import type { SetupPlan } from './plan.ts'
import type { Step } from './step.ts'

/** A secret_id that was made; no secret is here but a wrapping token that goes to no file. */
export interface SecretIdReport {
  accessor: string
  /** RFC 3339; null for one that never expires */
  expiresAt: string | null
  file?: string
  wrappingToken?: string
  /** seconds within which the wrapping token can be opened, once */
  wrapTtlSeconds?: number
}

/** What a set-up found and did. Of what is not there yet, nothing is said. */
export interface SetupReport {
  vault: string
  /** none with --policies-only */
  profile?: string
  /** false when Vault was as it should be */
  changed: boolean
  steps: Pick<Step, 'kind' | 'name' | 'state' | 'detail'>[]
  notes: string[]
  /** the version that the profile pins */
  signingKey?: { name: string; version: number; fingerprint: string; publicKey: string }
  recipientKey?: { thumbprint: string; fingerprint: string }
  roleId?: string
  secretId?: SecretIdReport
}

/** The part of a report that the plan alone gives. */
export function reportPlan(client: VaultClient, { settings, steps }: SetupPlan): SetupReport {
  return {
    vault: client.address,
    ...(settings.policiesOnly ? {} : { profile: settings.profile }),
    changed: steps.some(({ state }) => state !== 'unchanged'),
    steps: steps.map(({ kind, name, state, detail }) => ({ kind, name, state, detail })),
    notes: steps.flatMap(({ notes }) => notes ?? []),
  }
}

async function reportProfile({ profiles, keys }: OperatorVault, name: string): Promise<Partial<SetupReport>> {
  const { value } = await profiles.read(name)
  if (value === undefined || settingsFaults(value).length > 0) {
    return {}
  }
  const { signingKey, signingKeyVersion: version, ...profile } = value as ProfileSettings
  const key = await keys.read(signingKey)
  const publicKey = key?.versions.get(version)?.publicKey
  const { publicKey: recipient } = profile.recipientKeys[profile.activeRecipientKey] as { publicKey: string }
  const parsed = parseRecipientKey(recipient)
  const recipientKey = { thumbprint: parsed.thumbprint, fingerprint: parsed.fingerprint }
  if (publicKey === undefined) {
    return { recipientKey }
  }
  const fingerprint = keyFingerprint(createPublicKey(publicKey))
  return { signingKey: { name: signingKey, version, fingerprint, publicKey }, recipientKey }
}

async function reportSecretId(plan: SetupPlan): Promise<Partial<SetupReport>> {
  const made = plan.secretId()
  if (made === undefined || plan.role === undefined) {
    return {}
  }
  const state = await plan.role.secretIds.lookUpAccessor(made.accessor)
  const file = plan.settings.appRole?.secretIdFile
  const secretId: SecretIdReport = {
    accessor: made.accessor,
    expiresAt: state?.expiresAt?.toISOString() ?? null,
    ...(file === undefined ? {} : { file }),
  }
  if ('wrappingToken' in made) {
    secretId.wrapTtlSeconds = made.wrapTtlSeconds
    if (file === undefined) {
      secretId.wrappingToken = made.wrappingToken
    }
  }
  return { secretId }
}

/** What stands in Vault after a plan was carried out, read again from there. */
export async function reportSetup(client: VaultClient, plan: SetupPlan): Promise<SetupReport> {
  if (plan.settings.policiesOnly) {
    return reportPlan(client, plan)
  }
  const roleId = await plan.role?.readId()
  return {
    ...reportPlan(client, plan),
    ...(await reportProfile(operatorVault(client, plan.settings), plan.settings.profile)),
    ...(roleId === undefined ? {} : { roleId }),
    ...(await reportSecretId(plan)),
  }
}
