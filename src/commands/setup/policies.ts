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

const replacing = (name: string) =>
  `The text of ${name} is not the one for these mounts: it was changed, is of another version of Padlock, or ` +
  'belongs to another Padlock in this Vault, which then loses its rights.'

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
        : {
            kind,
            name,
            state: 'update',
            detail: `${detail}; its text is replaced`,
            notes: [replacing(name)],
            apply,
          }
    }),
  )
}
