import { refused, usageError } from '../exit.ts'
import type { ChangeOptions, Operator } from '../operator.ts'
import { changeProfile, printChange } from '../profile-change.ts'
import { validProfile } from '../profile/stored.ts'
import { ask, confirm } from '../terminal.ts'
import { isSame, keyToActivate, normalFingerprint } from './choice.ts'

/** `padlock recipient activate`: only for a fingerprint that the operator has from the recipient. */
export async function activateRecipient(
  operator: Operator,
  profile: string,
  thumbprint: string | undefined,
  { fingerprint, ...options }: ChangeOptions & { fingerprint?: string },
): Promise<void> {
  const { terminal } = operator
  const given = fingerprint === undefined ? undefined : normalFingerprint(fingerprint)
  if (given === undefined && !options.dryRun && !terminal.stdin.isTTY) {
    throw usageError('Give --fingerprint, as iAdvize told it to you: --yes does not answer it.')
  }
  const stored = await validProfile(operator, profile)
  const key = keyToActivate(stored.value, profile, thumbprint, given)
  const expected = key.fingerprint
  if (expected === null)
    throw refused(`The key ${key.thumbprint} is not usable: remove it, and add it again.`)
  const check = (text: string) => {
    if (isSame(text, expected)) return
    throw refused(
      'That is not the fingerprint of this key: nothing was changed. Ask iAdvize which key it is.',
    )
  }
  if (given !== undefined) check(given)
  const change = {
    profile,
    stored,
    settings: { ...stored.value, activeRecipientKey: key.thumbprint },
    notes: [
      'Every token from now on can be read with this key alone. If iAdvize does not hold its private key yet, every ' +
        'visitor loses the padlock.',
      `To go back: \`padlock recipient activate ${profile} ${stored.value.activeRecipientKey}\`.`,
    ],
    confirm: async () => {
      if (given === undefined) {
        // The diff does not show it: it comes from iAdvize, or it proves nothing.
        check(
          normalFingerprint(
            await ask(terminal, 'The fingerprint that iAdvize told you:', 'give --fingerprint'),
          ),
        )
      } else if (!options.yes && !(await confirm(terminal, 'Make this change?'))) {
        throw refused('Nothing was changed.')
      }
    },
  }
  const report = await changeProfile(operator, change, options)
  printChange(operator, report, `Tokens of ${profile} go to ${key.thumbprint}`)
}
