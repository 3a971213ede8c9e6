import { isDeepStrictEqual } from 'node:util'
import { usageError } from '../../cli/exit.ts'
import { profileName } from '../../cli/values/parsers.ts'
import { changeVerb } from '../../cli/verb.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { changeProfile, conflict, printChange } from '../profile-change/change.ts'
import { validProfile } from '../profile-change/existing-profile.ts'
import { applyEdits, editOptions, editsOf } from './edits.ts'
import { editablePart, fieldRows, keptFields, refuseInvalid, withEditablePart } from './fields.ts'
import { fromOption, readSettingsFile, type SettingsFile } from './settings-file.ts'
import { effectsOf } from './visitor-impact.ts'

/** A file may hold what other commands change, as long as it changes nothing of it. */
function refuseKeptFields(file: SettingsFile, present: ProfileSettings): void {
  for (const name of keptFields) {
    if (!(name in file.settings) || name === 'changedBy') {
      continue
    }
    if (isDeepStrictEqual(file.settings[name], present[name as keyof ProfileSettings])) {
      continue
    }
    const command = /[rR]ecipient/.test(name) ? 'padlock recipient' : 'padlock key'
    throw usageError(
      `--from changes ${name}, which \`${command}\` alone does. Leave it as it is, or out of the file.`,
    )
  }
}

const help = {
  text: `It shows what changes and asks. When somebody else has changed the profile meanwhile, nothing is written and you see what
they changed. --from replaces all fields below with those of the file, and then applies --set and the like. The pinned key
version and the recipient keys are never changed here: \`padlock key\` and \`padlock recipient\` do that.`,
  rows: { title: 'Fields', cells: fieldRows },
  examples: [
    'padlock profile update shop --set tokenTtlSeconds=90s --add callers=shop-backend',
    "padlock profile update shop --set 'userIdPattern=[0-9a-f-]{36}' --dry-run",
    'padlock profile update shop --unset sharedUserId --yes',
    'padlock profile show shop --output json > shop.json; $EDITOR shop.json; padlock profile update shop --from shop.json',
  ],
}

/** `padlock profile update`. */
export const verb = changeVerb(
  help,
  (command) => {
    const edits = editOptions()
    return command
      .argument('<profile>', 'its name', profileName)
      .addOption(edits.set)
      .addOption(edits.unset)
      .addOption(edits.add)
      .addOption(edits.remove)
      .addOption(fromOption())
  },
  async (changer, profile, options) => {
    const edits = editsOf(options)
    const { from } = options
    if (from === undefined && edits.length === 0) {
      throw usageError('Say what to change: --set, --unset, --add, --remove, or --from FILE.')
    }
    const file = from === undefined ? undefined : await readSettingsFile(changer.terminal, from)
    // What is there to be removed, only Vault knows.
    const edited = applyEdits(
      file === undefined ? { issuer: 'any', tokenTtlSeconds: 60 } : editablePart(file.settings),
      edits.filter(({ kind }) => kind !== 'remove'),
    )
    refuseInvalid(profile, edited)
    const stored = await validProfile(changer, profile)
    if (file?.version !== undefined && file.version !== stored.version) {
      // The file is of an older version: writing it would undo what was changed since.
      throw await conflict(changer, profile, { value: file.settings })
    }
    if (file !== undefined) {
      refuseKeptFields(file, stored.value)
    }
    const editable = applyEdits(editablePart(file?.settings ?? stored.value), edits)
    const settings = withEditablePart(stored.value, editable)
    const notes = effectsOf(stored.value, settings)
    const report = await changeProfile(changer, { profile, stored, settings, notes })
    printChange(changer, report, `Changed ${profile}`)
  },
)
