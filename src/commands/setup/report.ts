import { createPublicKey } from 'node:crypto'
import type { ProfileSettings } from '../../token/profile.ts'
import { keyFingerprint } from '../../token/rsa-public-key.ts'
import { readRoleId } from '../../vault/approle.ts'
import type { VaultClient } from '../../vault/client.ts'
import { settingsFaults } from '../../vault/profile-settings.ts'
import { readStoredProfile } from '../../vault/profile-store.ts'
import { parseRecipientKey } from '../../vault/recipient-key.ts'
import { lookUpAccessor } from '../../vault/secret-id.ts'
import { readTransitKey } from '../../vault/transit-keys.ts'
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
  profile: string
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
    profile: settings.profile,
    changed: steps.some(({ state }) => state !== 'unchanged'),
    steps: steps.map(({ kind, name, state, detail }) => ({ kind, name, state, detail })),
    notes: steps.flatMap(({ notes }) => notes ?? []),
  }
}

async function reportProfile(client: VaultClient, { settings }: SetupPlan): Promise<Partial<SetupReport>> {
  const { value } = await readStoredProfile(client, settings.kvMount, settings.profile)
  if (value === undefined || settingsFaults(value).length > 0) return {}
  const { signingKey: name, signingKeyVersion: version, ...profile } = value as ProfileSettings
  const key = await readTransitKey(client, settings.transitMount, name)
  const publicKey = key?.versions.get(version)?.publicKey
  const { publicKey: recipient } = profile.recipientKeys[profile.activeRecipientKey] as { publicKey: string }
  const { thumbprint, fingerprint } = parseRecipientKey(recipient)
  const recipientKey = { thumbprint, fingerprint }
  if (publicKey === undefined) return { recipientKey }
  const signingKey = { name, version, fingerprint: keyFingerprint(createPublicKey(publicKey)), publicKey }
  return { signingKey, recipientKey }
}

async function reportSecretId(client: VaultClient, plan: SetupPlan): Promise<Partial<SetupReport>> {
  const made = plan.secretId()
  if (made === undefined || plan.role === undefined) return {}
  const state = await lookUpAccessor(client, plan.role, made.accessor)
  const file = plan.settings.appRole?.secretIdFile
  const secretId: SecretIdReport = {
    accessor: made.accessor,
    expiresAt: state?.expiresAt?.toISOString() ?? null,
    ...(file === undefined ? {} : { file }),
  }
  if ('wrappingToken' in made) {
    secretId.wrapTtlSeconds = made.wrapTtlSeconds
    if (file === undefined) secretId.wrappingToken = made.wrappingToken
  }
  return { secretId }
}

/** What stands in Vault after a plan was carried out, read again from there. */
export async function reportSetup(client: VaultClient, plan: SetupPlan): Promise<SetupReport> {
  const roleId = plan.role === undefined ? undefined : await readRoleId(client, plan.role)
  return {
    ...reportPlan(client, plan),
    ...(await reportProfile(client, plan)),
    ...(roleId === undefined ? {} : { roleId }),
    ...(await reportSecretId(client, plan)),
  }
}
