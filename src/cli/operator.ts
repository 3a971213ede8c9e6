import { defaultMounts, defaultPolicyPrefix } from '../config/mounts.ts'
import { withRight } from './exit.ts'
import type { OperatorVault } from './operator-client.ts'
import type { Asked, Terminal } from './terminal.ts'

/** What the options of an operator's command hold. */
export interface OperatorFlags {
  kvMount?: string
  transitMount?: string
  policyPrefix?: string
  output: string
}

/** Whose rights a command needs: those of one of Padlock's policies, or more. */
export type Role = 'operator' | 'auditor' | 'administrator'

/** An operator at work: who is asked, and what is in Vault. */
export interface Operator extends OperatorVault, Asked {
  /** what the names of Padlock's policies begin with */
  policyPrefix: string
}

/**
 * Opens Vault with the operator's token, does the work, and closes it again.
 *
 * @param role whose rights the token must have, for the message of a denied call
 * @throws CommandError with exit code 2 where Vault's address or token is missing
 */
export async function asOperator(
  terminal: Terminal,
  flags: OperatorFlags,
  work: (operator: Operator) => Promise<void>,
  role: Role = 'operator',
): Promise<void> {
  const { kvMount = defaultMounts.kv, transitMount = defaultMounts.transit } = flags
  const { policyPrefix = defaultPolicyPrefix, output } = flags
  const isElsewhere = kvMount !== defaultMounts.kv || transitMount !== defaultMounts.transit
  const isOpen = isElsewhere && policyPrefix === defaultPolicyPrefix
  const right =
    role === 'administrator'
      ? "an administrator's rights"
      : `the policy ${policyPrefix}-${role}${isOpen ? ' (or that of --policy-prefix)' : ''}`
  // Late, for a command's help: it brings the HTTP client and the schemas of Vault's answers.
  const { openOperatorVault } = await import('./operator-client.ts')
  const vault = await openOperatorVault(terminal.env, { kvMount, transitMount })
  try {
    await withRight(right, work({ ...vault, policyPrefix, terminal, json: output === 'json' }))
  } finally {
    await vault.client.close()
  }
}
