import { refused } from '../../cli/exit.ts'
import { PadlockError } from '../../errors.ts'
import { checkSigningKey } from '../../vault/keys/signing-key.ts'
import type { TransitKey } from '../../vault/keys/transit-keys.ts'

/**
 * Refuses a key that must not sign.
 *
 * @throws CommandError with exit code 1 and the reason
 */
export function usableKey(key: TransitKey | undefined, name: string): TransitKey {
  try {
    checkSigningKey(key, name)
    return key
  } catch (error) {
    if (!(error instanceof PadlockError)) {
      throw error
    }
    throw refused(`${error.message} Give another name with --key.`)
  }
}
