import { profileName } from '../../cli/values/parsers.ts'
import { changeVerb } from '../../cli/verb.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { changeProfile, operatorName, printChange } from '../profile-change/change.ts'
import { validProfile } from '../profile-change/existing-profile.ts'
import { readRecipientKey, refuseOwnKey } from '../profile-change/recipient-key-file.ts'

const help = {
  text: `The key is PEM, DER, its base64 without armour (as iAdvize publishes its own), a JWK, or an X.509 certificate; also on one
line, with literal \\n, indented, in quotes, or in UTF-16. It is RSA, of 2,048 bits or more. A private key is refused.`,
  examples: ['padlock recipient add shop iadvize.pub', 'padlock recipient add shop - --yes < iadvize.pub'],
}

/** `padlock recipient add`: tokens go on being encrypted to the active key. */
export const verb = changeVerb(
  help,
  (command) =>
    command
      .argument('<profile>', 'its name', profileName)
      .argument('<file>', 'the public key; - reads standard input'),
  async (changer, profile, file) => {
    const key = await readRecipientKey(changer, file, 'The key')
    const stored = await validProfile(changer, profile)
    await refuseOwnKey(changer, stored.value.signingKey, key)
    const by = await operatorName(changer)
    const recipientKeys: ProfileSettings['recipientKeys'] = { ...stored.value.recipientKeys }
    recipientKeys[key.thumbprint] ??= { publicKey: key.pem, addedAt: new Date().toISOString(), addedBy: by }
    const notes = [
      `Tokens go on being encrypted to the active key; \`padlock recipient activate ${profile}\` changes that.`,
    ]
    const settings = { ...stored.value, recipientKeys }
    const report = await changeProfile(changer, { profile, stored, settings, by, notes })
    printChange(changer, report, `Added ${key.thumbprint} to ${profile}`)
  },
)
