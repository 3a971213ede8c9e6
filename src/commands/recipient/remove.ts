import { refused } from '../exit.ts'
import type { ChangeOptions, Operator } from '../operator.ts'
import { changeProfile, printChange } from '../profile-change.ts'
import { validProfile } from '../profile/stored.ts'
import { findKey } from './choice.ts'

/** `padlock recipient remove`: any key but the active one. */
export async function removeRecipient(
  operator: Operator,
  profile: string,
  name: string,
  options: ChangeOptions,
): Promise<void> {
  const stored = await validProfile(operator, profile)
  const { thumbprint, state } = findKey(stored.value, profile, name)
  if (state === 'active') {
    throw refused(
      `${thumbprint} is the active key: tokens are encrypted to it. Activate another one first, and remove it when ` +
        'the last token for it has expired.',
    )
  }
  const { [thumbprint]: _, ...recipientKeys } = stored.value.recipientKeys
  const notes = ['It cannot be activated any more; `padlock recipient add` brings it back.']
  const change = { profile, stored, settings: { ...stored.value, recipientKeys }, notes }
  const report = await changeProfile(operator, change, options)
  printChange(operator, report, `Removed ${thumbprint} from ${profile}`)
}
