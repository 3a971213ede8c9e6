import { createPublicKey } from 'node:crypto'
import type { ProfileSettings } from '../../token/profile.ts'
import { rsaThumbprint } from '../../token/rsa-public-key.ts'
import { readOperatorName } from '../../vault/operator-name.ts'
import { parseRecipientKey, type RecipientKey, RecipientKeyError } from '../../vault/recipient-key.ts'
import { readTransitKey } from '../../vault/transit-keys.ts'
import { during, refused } from '../exit.ts'
import { readInput } from '../input-file.ts'
import type { ChangeOptions, Operator } from '../operator.ts'
import { changeProfile, printChange } from '../profile-change.ts'
import { validProfile } from '../profile/stored.ts'

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
  { client, transitMount }: Operator,
  signingKey: string,
  recipient: RecipientKey,
): Promise<void> {
  const key = await during('Reading the signing key', readTransitKey(client, transitMount, signingKey))
  for (const { publicKey } of key?.versions.values() ?? []) {
    if (rsaThumbprint(createPublicKey(publicKey)) === recipient.thumbprint) {
      throw refused("This is the profile's own signing key: give iAdvize's public key.")
    }
  }
}

/** `padlock recipient add`. */
export async function addRecipient(
  operator: Operator,
  profile: string,
  file: string,
  options: ChangeOptions,
): Promise<void> {
  const key = await readRecipientKey(operator, file, 'The key')
  const stored = await validProfile(operator, profile)
  await refuseOwnKey(operator, stored.value.signingKey, key)
  const recipientKeys: ProfileSettings['recipientKeys'] = { ...stored.value.recipientKeys }
  recipientKeys[key.thumbprint] ??= {
    publicKey: key.pem,
    addedAt: new Date().toISOString(),
    addedBy: await during('Reading your name', readOperatorName(operator.client)),
  }
  const notes = [
    `Tokens go on being encrypted to the active key; \`padlock recipient activate ${profile}\` changes that.`,
  ]
  const change = { profile, stored, settings: { ...stored.value, recipientKeys }, notes }
  const report = await changeProfile(operator, change, options)
  printChange(operator, report, `Added ${key.thumbprint} to ${profile}`)
}
