import { Option } from '@commander-js/extra-typings'
import { during, refused, usageError } from '../../cli/exit.ts'
import { profileName, signingKeyName, tokenTtl, versionNumber } from '../../cli/values/parsers.ts'
import { changeVerb } from '../../cli/verb.ts'
import { signingKeyTypes } from '../../vault/keys/transit-keys.ts'
import { changeProfile, operatorName, printChange } from '../profile-change/change.ts'
import { readRecipientKey, refuseOwnKey } from '../profile-change/recipient-key-file.ts'
import { applyEdits, editOptions, editsOf } from './edits.ts'
import { editablePart, fieldRows, refuseInvalid, withEditablePart } from './fields.ts'
import { newProfileKey, printPublicKey } from './new-key.ts'
import { fromOption, readSettingsFile } from './settings-file.ts'
import { missingPathNotes } from './signer-policy.ts'
import { effectsOf } from './visitor-impact.ts'

const help = {
  text: `The signing key is made in Vault and can never be exported; one that exists is adopted, if it is fit. Then the public key
is printed, to hand to your iAdvize contact: wait for the answer before the first token goes out.`,
  rows: { title: 'Fields', cells: fieldRows },
  examples: [
    'padlock profile create shop --issuer https://shop.example --recipient-key iadvize.pub',
    'padlock profile create shop --issuer https://shop.example --recipient-key - --add callers=shop-backend < iadvize.pub',
  ],
}

/** `padlock profile create`: makes or adopts the signing key, then the profile. Running it again finishes. */
export const verb = changeVerb(
  help,
  (command) => {
    const edits = editOptions()
    return command
      .argument('<profile>', 'its name: part of the URL', profileName)
      .option('--issuer <iss>', '`iss` claim agreed with iAdvize')
      .requiredOption('--recipient-key <file>', "iAdvize's public key; - reads standard input")
      .option('--key <name>', 'transit key, "padlock-…" (default: padlock-<profile>)', signingKeyName)
      .addOption(
        new Option('--key-type <type>', 'kind of a new key (default: rsa-2048)').choices(signingKeyTypes),
      )
      .option(
        '--key-version <number>',
        'version to pin of a key that exists (default: the newest)',
        versionNumber,
      )
      .option('--ttl <time>', 'life of a token (default: 60)', tokenTtl)
      .addOption(edits.set)
      .addOption(edits.unset)
      .addOption(edits.add)
      .addOption(edits.remove)
      .addOption(fromOption())
  },
  async (changer, profile, options) => {
    const recipient = await readRecipientKey(changer, options.recipientKey, '--recipient-key')
    const file =
      options.from === undefined ? undefined : await readSettingsFile(changer.terminal, options.from)
    const editable = applyEdits(
      {
        tokenTtlSeconds: 60,
        ...editablePart(file?.settings ?? {}),
        ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
        ...(options.ttl === undefined ? {} : { tokenTtlSeconds: options.ttl }),
      },
      editsOf(options),
    )
    if (editable.issuer === undefined) {
      throw usageError('Give --issuer, the `iss` claim agreed with iAdvize.')
    }
    refuseInvalid(profile, editable)
    const stored = await during(`Reading the profile ${profile}`, changer.profiles.read(profile))
    if (stored.value !== undefined) {
      throw refused(`The profile ${profile} exists: \`padlock profile update ${profile}\` changes it.`)
    }
    const key = await newProfileKey(changer, profile, options)
    await refuseOwnKey(changer, key.name, recipient)
    const by = await operatorName(changer)
    const now = new Date().toISOString()
    const kept = {
      signingKey: key.name,
      signingKeyVersion: key.version,
      recipientKeys: { [recipient.thumbprint]: { publicKey: recipient.pem, addedAt: now, addedBy: by } },
      activeRecipientKey: recipient.thumbprint,
      activatedAt: now,
      activatedBy: by,
    }
    const settings = withEditablePart(kept, editable)
    const nothing = withEditablePart(kept, { issuer: editable.issuer, tokenTtlSeconds: 60 })
    const deleted = `A profile of this name was deleted: \`padlock profile rollback ${profile}\` brings that one back.`
    const notes = [
      ...key.notes,
      ...(await missingPathNotes(changer, key.name)),
      ...effectsOf(nothing, settings),
      ...(stored.version > 0 ? [deleted] : []),
    ]
    const change = { profile, stored, settings, by, notes, prepare: key.make }
    const report = await changeProfile(changer, change)
    printChange(changer, report, `Made ${profile}`)
    if (report.changed && !changer.json) {
      await printPublicKey(changer, settings)
    }
  },
)
