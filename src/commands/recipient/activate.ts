import { refused } from '../../cli/exit.ts'
import { askFingerprint, fingerprint, fingerprintHelp } from '../../cli/values/fingerprint.ts'
import { profileName } from '../../cli/values/parsers.ts'
import { changeVerb } from '../../cli/verb.ts'
import { changeProfile, printChange } from '../profile-change/change.ts'
import { validProfile } from '../profile-change/existing-profile.ts'
import { keyToActivate } from './recipient-keys.ts'

const help = {
  proof: 'fingerprint',
  text: `You give the fingerprint, from iAdvize and not from this command: it is typed, or passed, and --yes does not answer it.
Running instances follow within their refresh interval. If iAdvize has no private key for it, no token can be read:
activate the old one again, which was kept.

${fingerprintHelp}`,
  examples: [
    'padlock recipient activate shop',
    'padlock recipient activate shop --fingerprint sha256:ILHrw82GKGyYkRhqivSKmXnh8+LKRg5Ar4Wwprv3RFo --yes',
  ],
}

/** `padlock recipient activate`: only for a fingerprint that the operator has from the recipient. */
export const verb = changeVerb(
  help,
  (command) =>
    command
      .argument('<profile>', 'its name', profileName)
      .argument('[thumbprint]', 'which key, where the profile has more than one that is not active')
      .option('--fingerprint <sha256:…>', "the key's fingerprint, as iAdvize told it to you", fingerprint),
  async (changer, profile, thumbprint, { fingerprint: given }) => {
    const stored = await validProfile(changer, profile)
    const key = keyToActivate(stored.value, profile, thumbprint, given)
    if (key.fingerprint === null) {
      throw refused(`The key ${key.thumbprint} is not usable: remove it, and add it again.`)
    }
    const check = (text: string) => {
      if (text !== key.fingerprint) {
        throw refused(
          'That is not the fingerprint of this key: nothing was changed. Ask iAdvize which key it is.',
        )
      }
    }
    if (given !== undefined) {
      check(given)
    }
    const { activeRecipientKey } = stored.value
    const report = await changeProfile(changer, {
      ...{ profile, stored },
      settings: { ...stored.value, activeRecipientKey: key.thumbprint },
      notes: [
        'Every token from now on can be read with this key alone. If iAdvize does not hold its private key yet, every ' +
          'visitor loses the padlock.',
        `To go back: \`padlock recipient activate ${profile} ${activeRecipientKey}\`.`,
      ],
      // The diff does not show it: it comes from iAdvize, or it proves nothing.
      proof:
        given === undefined
          ? async () =>
              check(await askFingerprint(changer.terminal, 'The fingerprint that iAdvize told you:'))
          : undefined,
    })
    printChange(changer, report, `Tokens of ${profile} go to ${key.thumbprint}`)
  },
)
