import { readFile } from 'node:fs/promises'
import { policyText } from '../../src/vault/admin/policies.ts'
import type { TestVault } from './vault.ts'

/** An AppRole role of a real Vault, with the service's own policy. */
export interface TestRole {
  name: string
  roleId: string
  /** Makes a secret_id; fields of Vault's API, such as `num_uses`, `ttl`. */
  secretId(fields?: object): Promise<string>
  /** Makes a secret_id and wraps it; gives the wrapping token. */
  wrapped(ttl?: string): Promise<string>
}

/** Makes an AppRole role of the signer's policy, at auth/approle. */
export async function testRole(vault: TestVault, name: string, fields: object = {}): Promise<TestRole> {
  const path = `auth/approle/role/${name}`
  await vault.api('POST', 'sys/auth/approle', { type: 'approle' })
  await signerPolicy(vault, name)
  const role = { token_policies: [`signer-${name}`], token_no_default_policy: true, token_period: '1h' }
  await vault.api('POST', path, { ...role, ...fields })
  const { body } = await vault.api('GET', `${path}/role-id`)
  return {
    name,
    roleId: body.data.role_id,
    secretId: async (fields = {}) =>
      (await vault.api('POST', `${path}/secret-id`, fields)).body.data.secret_id,
    async wrapped(ttl = '60s') {
      const headers = { 'X-Vault-Token': vault.rootToken, 'X-Vault-Wrap-TTL': ttl }
      const answer = await fetch(`${vault.address}/v1/${path}/secret-id`, { method: 'POST', headers })
      return ((await answer.json()) as { wrap_info: { token: string } }).wrap_info.token
    },
  }
}

/** Writes the service's own policy as `signer-<role>`, for an AppRole role of that name. */
export async function signerPolicy(vault: TestVault, role: string): Promise<void> {
  const paths = { transitMount: 'transit', kvMount: 'secret', appRoleMount: 'approle', appRoleName: role }
  const policy = await policyText('signer', paths)
  await vault.api('PUT', `sys/policies/acl/signer-${role}`, { policy })
}

/** How many calls of a path stand in Vault's audit log. */
export async function auditedCalls(vault: TestVault, path: string): Promise<number> {
  const lines = (await readFile(vault.auditLog, 'utf8')).trim().split('\n')
  return lines
    .map((line) => JSON.parse(line))
    .filter((entry) => {
      return entry.type === 'request' && entry.request.path === path
    }).length
}
