import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { answerData } from './answer-data.ts'
import type { VaultClient } from './client.ts'
import { ifPresent } from './if-present.ts'

/** The policies of `vault-policies/`, by what their holders do. */
export const policyRoles = ['signer', 'operator', 'auditor'] as const
export type PolicyRole = (typeof policyRoles)[number]

/** The name of a policy in Vault. */
export const policyName = (role: PolicyRole): string => `padlock-${role}`

/** Where the things that the policies speak of are in Vault; paths without slashes at their ends. */
export interface PolicyPaths {
  transitMount: string
  kvMount: string
  appRoleMount: string
  appRoleName: string
}

const folder = join(import.meta.dirname, '..', '..', 'vault-policies')

/** A policy's text, with the given mounts in place of the default ones which the files are written with. */
export async function policyText(role: PolicyRole, paths: PolicyPaths): Promise<string> {
  const text = await readFile(join(folder, `${role}.hcl`), 'utf8')
  const replacements: Record<string, string> = {
    'transit/': `${paths.transitMount}/`,
    'secret/': `${paths.kvMount}/`,
    'auth/approle/role/padlock/': `auth/${paths.appRoleMount}/role/${paths.appRoleName}/`,
  }
  return text.replace(
    /^(path ")(transit\/|secret\/|auth\/approle\/role\/padlock\/)/gm,
    (_match, start: string, prefix: string) => `${start}${replacements[prefix]}`,
  )
}

/** A policy's text as Vault has it; undefined when there is none of that name. */
export async function readPolicy(client: VaultClient, name: string): Promise<string | undefined> {
  const body = await ifPresent(client.read(`sys/policies/acl/${name}`))
  if (body === undefined) return undefined
  return answerData(Type.Object({ policy: Type.String() }), 'a policy', body).policy
}

export async function writePolicy(client: VaultClient, name: string, policy: string): Promise<void> {
  await client.write(`sys/policies/acl/${name}`, { policy })
}
