import { createPublicKey } from 'node:crypto'
import { during, refused } from '../../cli/exit.ts'
import { readInput } from '../../cli/input.ts'
import type { Operator } from '../../cli/operator.ts'
import { parseRecipientKey, type RecipientKey, RecipientKeyError } from '../../keys/recipient-key.ts'
import { rsaThumbprint } from '../../keys/rsa-public-key.ts'

/**
 * The recipient's key that a file holds.
 *
 * @param what names it in the message
 * @throws CommandError with exit code 1 for a key that is refused, 2 for a file that cannot be read
 */
export async function readRecipientKey(
  { terminal }: Operator,
  file: string,
  what: string,
): Promise<RecipientKey> {
  const input = await readInput(terminal, file, what)
  try {
    return parseRecipientKey(input)
  } catch (error) {
    throw error instanceof RecipientKeyError ? refused(`${what}: ${error.message}`) : error
  }
}

/**
 * Refuses a profile's own signing key where the recipient's belongs.
 *
 * @param signingKey name of the transit key
 * @throws CommandError with exit code 1
 */
export async function refuseOwnKey(
  { keys }: Operator,
  signingKey: string,
  recipient: RecipientKey,
): Promise<void> {
  const key = await during('Reading the signing key', keys.read(signingKey))
  for (const { publicKey } of key?.versions.values() ?? []) {
    if (rsaThumbprint(createPublicKey(publicKey)) === recipient.thumbprint) {
      throw refused("This is the profile's own signing key: give iAdvize's public key.")
    }
  }
}
