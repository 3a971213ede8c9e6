import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { defaultPolicyPrefix } from '../../config/mounts.ts'
import { packageRoot } from '../../package-root.ts'
import { answerData } from '../client/checked-answer.ts'
import type { VaultClient } from '../client/client.ts'
import { ifPresent } from '../client/not-found.ts'
import type { RolePath } from './app-role.ts'

/** The policies of `vault-policies/`, by what their holders do. */
export const policyRoles = ['signer', 'operator', 'auditor'] as const
export type PolicyRole = (typeof policyRoles)[number]

/** The name of a policy in Vault. */
export const policyName = (role: PolicyRole, prefix = defaultPolicyPrefix): string => `${prefix}-${role}`

/** Where the things that the policies name are in Vault; paths without slashes at their ends. */
export interface PolicyPaths {
  transitMount: string
  kvMount: string
  appRoleMount: string
  appRoleName: string
  /** transit keys that the service may sign with, each in paths of its own; by default the one of the profile `default` */
  signingKeys?: readonly string[]
  /** more AppRole roles that log in with the signer's policy */
  otherLogins?: readonly RolePath[]
}

const folder = join(packageRoot, 'vault-policies')

const defaultKey = 'padlock-default'
/** What stands once for each signing key: a block of signer.hcl, and three of operator.hcl, one after the other. */
const keyBlocks =
  /^path "transit\/(?:sign\/padlock-default\/sha2-256|keys\/padlock-default\/\*".*?^path "transit\/keys\/padlock-default\/rotate)" \{\n.*?^\}\n/ms
/** The block of signer.hcl that stands once for each login. */
const loginBlock = /^path "auth\/approle\/role\/padlock\/secret-id\/lookup" \{\n.*?^\}\n/ms

/**
 * A policy's text, with the given mounts, keys and logins in place of the default ones which the files are written
 * with. The same keys and logins in another order give the same text.
 */
export async function policyText(role: PolicyRole, paths: PolicyPaths): Promise<string> {
  const { signingKeys = [defaultKey], otherLogins = [] } = paths
  const logins = [{ mount: paths.appRoleMount, name: paths.appRoleName }, ...otherLogins].map(loginPath)
  const mounts: Record<string, string> = { transit: paths.transitMount, secret: paths.kvMount }
  const text = await readFile(join(folder, `${role}.hcl`), 'utf8')
  const once = (block: string, from: string, names: readonly string[]) =>
    [...new Set(names)]
      .sort()
      .map((name) => block.replaceAll(from, () => name))
      .join('\n')
  return text
    .replace(keyBlocks, (block) => once(block, defaultKey, signingKeys))
    .replace(loginBlock, (block) => once(block, 'auth/approle/role/padlock/', logins))
    .replace(
      /^(path ")(transit|secret)\//gm,
      (_match, start: string, name: string) => `${start}${mounts[name]}/`,
    )
}

const loginPath = ({ mount, name }: RolePath): string => `auth/${mount}/role/${name}/`

/** A policy's text as Vault has it; undefined when there is none of that name. */
export async function readPolicy(client: VaultClient, name: string): Promise<string | undefined> {
  const body = await ifPresent(client.read(`sys/policies/acl/${name}`))
  if (body === undefined) {
    return undefined
  }
  return answerData(Type.Object({ policy: Type.String() }), 'a policy', body).policy
}

export async function writePolicy(client: VaultClient, name: string, policy: string): Promise<void> {
  await client.write(`sys/policies/acl/${name}`, { policy })
}

/** The names of all policies; empty where there is none. */
export async function listPolicies(client: VaultClient): Promise<string[]> {
  const body = await ifPresent(client.list('sys/policies/acl'))
  if (body === undefined) {
    return []
  }
  return answerData(Type.Object({ keys: Type.Array(Type.String()) }), 'the policies', body).keys
}
