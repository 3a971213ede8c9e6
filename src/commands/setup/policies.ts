import type { VaultClient } from '../../vault/client.ts'
import {
  type PolicyPaths,
  policyName,
  policyRoles,
  policyText,
  readPolicy,
  writePolicy,
} from '../../vault/policies.ts'
import { type Step, unchanged } from './step.ts'

const purposes = {
  signer: 'the service: signs, changes nothing',
  operator: 'people: keys and profiles, no signing',
  auditor: 'people: the audit trail, reads only',
}

/** The steps of the policies in `vault-policies/`. */
export function planPolicies(client: VaultClient, paths: PolicyPaths): Promise<Step[]> {
  return Promise.all(
    policyRoles.map(async (role): Promise<Step> => {
      const [kind, name, detail] = ['policy', policyName(role), purposes[role]]
      const wanted = await policyText(role, paths)
      const present = await readPolicy(client, name)
      if (present === wanted) return unchanged(kind, name, detail)
      const apply = () => writePolicy(client, name, wanted)
      return present === undefined
        ? { kind, name, state: 'create', detail, apply }
        : { kind, name, state: 'update', detail: `${detail}; its text differs and is replaced`, apply }
    }),
  )
}
