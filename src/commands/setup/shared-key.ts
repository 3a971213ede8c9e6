import { refused } from '../../cli/exit.ts'
import { listPolicies, policyName, readPolicy } from '../../vault/admin/policies.ts'
import { allowsSigning } from '../../vault/admin/policy-contents.ts'
import type { VaultClient } from '../../vault/client/client.ts'
import { unlessDenied } from '../../vault/client/not-found.ts'
import { foreignMounts } from './policies.ts'
import type { SetupSettings } from './settings.ts'

/**
 * Refuses a key that a Padlock on another KV store signs with: a profile of the same name there has a key of the same
 * name, and tokens of the one would be as good as tokens of the other.
 *
 * @throws CommandError with exit code 1
 */
export async function refuseSharedKey(
  client: VaultClient,
  settings: SetupSettings,
  key: string,
): Promise<void> {
  const own = policyName('signer', settings.policyPrefix)
  for (const name of (await unlessDenied(listPolicies(client))) ?? []) {
    if (name === own || !name.endsWith('-signer')) {
      continue
    }
    const text = (await readPolicy(client, name)) ?? ''
    const others = foreignMounts(text, settings)
    if (others === undefined || !allowsSigning(text, settings.transitMount, key)) {
      continue
    }
    throw refused(
      `The transit key ${key} is another Padlock's (policy ${name}, on ${others}): tokens of both would be signed ` +
        `with it. Give a name of its own with --key, or --key ${key} if both shall sign with it.`,
    )
  }
}
