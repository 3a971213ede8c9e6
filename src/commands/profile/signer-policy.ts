import { during } from '../../cli/exit.ts'
import type { Operator } from '../../cli/operator.ts'
import { defaultMounts, defaultPolicyPrefix } from '../../config/mounts.ts'
import { policyName, readPolicy } from '../../vault/admin/policies.ts'
import { allowsSigning, policyContents } from '../../vault/admin/policy-contents.ts'
import { unlessDenied } from '../../vault/client/not-found.ts'

/** What an administrator runs after a profile was made, brought back or deleted. */
function administratorsCommand({ keys, profiles, policyPrefix }: Operator): string {
  const given = (option: string, value: string, usual: string) =>
    value === usual ? [] : [`${option} ${value}`]
  const options = [
    ...given('--transit-mount', keys.mount, defaultMounts.transit),
    ...given('--kv-mount', profiles.mount, defaultMounts.kv),
    ...given('--policy-prefix', policyPrefix, defaultPolicyPrefix),
  ]
  const isOpen = options.length > 0 && policyPrefix === defaultPolicyPrefix
  const prefix = isOpen ? ' (with its --policy-prefix, if it has one)' : ''
  return `\`${['padlock setup --policies-only', ...options].join(' ')}\`${prefix}`
}

/** Whether the service's policy allows a key; undefined where the token may not read it, as an operator's may not. */
async function isAllowed(
  { client, keys, policyPrefix }: Operator,
  key: string,
): Promise<boolean | undefined> {
  const reading = unlessDenied(readPolicy(client, policyName('signer', policyPrefix)))
  const text = await during("Reading the service's policy", reading)
  // Under that name may be the policy of a Padlock on other mounts.
  if (text === undefined || !policyContents(text, keys.mount).mounts.has(keys.mount)) {
    return undefined
  }
  return allowsSigning(text, keys.mount, key)
}

/** What stands between a profile and its first token: the path of its key in the service's policy. */
export async function missingPathNotes(operator: Operator, key: string): Promise<string[]> {
  const allowed = await isAllowed(operator, key)
  if (allowed === true) {
    return []
  }
  const state =
    allowed === false
      ? `The service may not sign with ${key} yet: its policy does not name that key.`
      : `Whether the service may sign with ${key} is in its policy, which this token cannot read.`
  return [
    `${state} Until it does, callers get vault_denied (503). An administrator runs ${administratorsCommand(operator)}.`,
  ]
}

/** What a deleted profile leaves in the service's policy. */
export async function leftPathNotes(operator: Operator, key: string): Promise<string[]> {
  if ((await isAllowed(operator, key)) === false) {
    return []
  }
  return [
    `The service may sign with ${key} until an administrator runs ${administratorsCommand(operator)}, unless another profile uses that key.`,
  ]
}
