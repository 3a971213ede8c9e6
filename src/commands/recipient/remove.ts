import { refused } from '../../cli/exit.ts'
import { profileName } from '../../cli/values/parsers.ts'
import { changeVerb } from '../../cli/verb.ts'
import { changeProfile, printChange } from '../profile-change/change.ts'
import { validProfile } from '../profile-change/existing-profile.ts'
import { findKey } from './recipient-keys.ts'

const help = {
  examples: ['padlock recipient remove shop QspNamaz04P1Fh1DKF1IUvMLLiYJHmQhECR3ue0eJGU'],
}

/** `padlock recipient remove`: any key but the active one. */
export const verb = changeVerb(
  help,
  (command) =>
    command
      .argument('<profile>', 'its name', profileName)
      .argument('<key>', 'its thumbprint, or its fingerprint'),
  async (changer, profile, name) => {
    const stored = await validProfile(changer, profile)
    const { thumbprint, state } = findKey(stored.value, profile, name)
    if (state === 'active') {
      throw refused(
        `${thumbprint} is the active key: tokens are encrypted to it. Activate another one first, and remove it when ` +
          'the last token for it has expired.',
      )
    }
    const { [thumbprint]: _, ...recipientKeys } = stored.value.recipientKeys
    const notes = ['It cannot be activated any more; `padlock recipient add` brings it back.']
    const settings = { ...stored.value, recipientKeys }
    const report = await changeProfile(changer, { profile, stored, settings, notes })
    printChange(changer, report, `Removed ${thumbprint} from ${profile}`)
  },
)
