import { isDeepStrictEqual } from 'node:util'
import type { ProfileSettings } from '../../token/profile.ts'
import { settingsFaults } from '../../vault/profile-settings.ts'
import { usageError } from '../exit.ts'
import type { ChangeOptions, Operator } from '../operator.ts'
import { changeProfile, conflict, printChange } from '../profile-change.ts'
import { applyEdits, type Edit } from './edits.ts'
import { effectsOf } from './effects.ts'
import { editablePart, keptFields, withEditablePart } from './fields.ts'
import { readSettingsFile, type SettingsFile } from './settings-file.ts'
import { validProfile } from './stored.ts'

/** Options of `padlock profile update`. */
export interface UpdateOptions extends ChangeOptions {
  from?: string
  edit?: Edit[]
}

/** A file may hold what other commands change, as long as it changes nothing of it. */
export function refuseKeptFields(file: SettingsFile, present: ProfileSettings): void {
  for (const name of keptFields) {
    if (!(name in file.settings) || name === 'changedBy') continue
    if (isDeepStrictEqual(file.settings[name], present[name as keyof ProfileSettings])) continue
    const command = /[rR]ecipient/.test(name) ? 'padlock recipient' : 'padlock key'
    throw usageError(
      `--from changes ${name}, which \`${command}\` alone does. Leave it as it is, or out of the file.`,
    )
  }
}

/** `padlock profile update`. */
export async function updateProfile(
  operator: Operator,
  profile: string,
  { from, edit: edits = [], ...options }: UpdateOptions,
): Promise<void> {
  if (from === undefined && edits.length === 0) {
    throw usageError('Say what to change: --set, --unset, --add, --remove, or --from FILE.')
  }
  const file = from === undefined ? undefined : await readSettingsFile(operator.terminal, from)
  const stored = await validProfile(operator, profile)
  if (file?.version !== undefined && file.version !== stored.version) {
    // The file is of an older version: writing it would undo what was changed since.
    const before = { version: file.version, value: file.settings }
    throw await conflict(operator, profile, before)
  }
  if (file !== undefined) refuseKeptFields(file, stored.value)
  const editable = applyEdits(editablePart(file?.settings ?? stored.value), edits)
  const settings = withEditablePart(stored.value, editable)
  const faults = settingsFaults(settings)
  if (faults.length > 0) throw usageError(`The profile ${profile} would not be valid: ${faults.join('; ')}.`)
  const change = { profile, stored, settings, notes: effectsOf(stored.value, settings) }
  printChange(operator, await changeProfile(operator, change, options), `Changed ${profile}`)
}
