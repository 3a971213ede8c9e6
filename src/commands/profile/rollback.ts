import type { ProfileSettings } from '../../token/profile.ts'
import { readSettingsOf, readProfileVersions, restoreProfile } from '../../vault/profile-history.ts'
import { settingsFaults } from '../../vault/profile-settings.ts'
import { readStoredProfile, type StoredProfile } from '../../vault/profile-store.ts'
import { during, refused } from '../exit.ts'
import { uninterrupted } from '../interrupt.ts'
import type { ChangeOptions, Operator } from '../operator.ts'
import { changeProfile, conflict, printChange } from '../profile-change.ts'
import { diffText, profileDiff } from '../profile-diff.ts'
import { confirm, printJson, printNotes } from '../terminal.ts'
import { effectsOf } from './effects.ts'
import { editablePart, keptFields, withEditablePart } from './fields.ts'
import { pinnedKeyFaults, profileFaults, readSigningKey } from './validity.ts'

/** Options of `padlock profile rollback`. */
export interface RollbackOptions extends ChangeOptions {
  to?: number
}

/**
 * The newest earlier version that has other settings. Run again, a rollback must not go further or forward again: so
 * where the present settings are an earlier version's, the operator has to say which one is meant.
 */
async function earlierVersion({ client, kvMount }: Operator, profile: string, stored: StoredProfile) {
  const versions = await readProfileVersions(client, kvMount, profile)
  let found: { version: number; value: ProfileSettings } | undefined
  for (const { version } of versions.filter((entry) => entry.version < stored.version).reverse()) {
    const value = await readSettingsOf(client, kvMount, profile, version)
    if (value === undefined || settingsFaults(value).length > 0) continue
    const isOther = profileDiff(editablePart(Object(stored.value)), editablePart(value as object)).length > 0
    if (isOther) found ??= { version, value: value as ProfileSettings }
    else if (found !== undefined) {
      throw refused(
        `The settings of ${profile} are those of version ${version} already, as a rollback leaves them. To go elsewhere, ` +
          `name a version with --to (see \`padlock profile show ${profile} --history\`).`,
      )
    }
  }
  if (found !== undefined) return found
  throw refused(
    `The history of ${profile} holds no other settings: see \`padlock profile show ${profile} --history\`.`,
  )
}

async function namedVersion({ client, kvMount }: Operator, profile: string, version: number) {
  const value = await readSettingsOf(client, kvMount, profile, version)
  if (value === undefined)
    throw refused(`The profile ${profile} has no version ${version} that can be read: see --history.`)
  const faults = settingsFaults(value)
  if (faults.length > 0) throw refused(`Version ${version} is not valid: ${faults.join('; ')}.`)
  return { version, value: value as ProfileSettings }
}

/** Brings a deleted profile back as it was: its keys and its recipient are those that it had. */
async function undoDeletion(
  operator: Operator,
  profile: string,
  stored: StoredProfile,
  { to, dryRun = false, yes }: RollbackOptions,
): Promise<void> {
  const { client, kvMount, terminal } = operator
  if (to !== undefined && to !== stored.version) {
    throw refused(
      `The profile ${profile} is deleted. Bring it back first, without --to (version ${stored.version}); then go back to version ${to}.`,
    )
  }
  const notes = [
    'It signs with the key version, and encrypts to the recipient key, that it had when it was deleted.',
  ]
  const report = { profile, dryRun, changed: !dryRun, version: stored.version, changes: [], notes }
  const stream = operator.json ? terminal.stderr : terminal.stdout
  stream.write(`The profile ${profile} is deleted; version ${stored.version} is to be brought back.\n`)
  printNotes(terminal, notes)
  if (dryRun) {
    if (operator.json) printJson(terminal, report)
    else stream.write('Dry run: nothing was changed.\n')
    return
  }
  if (!yes && !(await confirm(terminal, 'Bring it back?'))) throw refused('Nothing was changed.')
  await uninterrupted(terminal, () =>
    during(`Bringing ${profile} back`, restoreProfile(client, kvMount, profile, stored.version)),
  )
  const { value, version } = await during('Reading it', readStoredProfile(client, kvMount, profile))
  if (value === undefined || version !== stored.version) throw await conflict(operator, profile, stored)
  const faults = await profileFaults(operator, profile, value)
  printNotes(
    terminal,
    faults.map((fault) => `It cannot sign: ${fault}`),
  )
  if (operator.json) {
    return printJson(terminal, {
      ...report,
      changes: profileDiff(undefined, value),
      notes: [...notes, ...faults],
    })
  }
  stream.write(
    `${diffText(stream, profileDiff(undefined, value))}Brought back ${profile} (version ${version}).\n`,
  )
}

/** `padlock profile rollback`: never the pinned version or the recipient keys, which have commands of their own. */
export async function rollbackProfile(
  operator: Operator,
  profile: string,
  options: RollbackOptions,
): Promise<void> {
  const { client, kvMount } = operator
  const reading = `Reading the profile ${profile}`
  const stored = await during(reading, readStoredProfile(client, kvMount, profile))
  if (stored.version === 0) throw refused(`There is no profile ${profile}: see \`padlock profile list\`.`)
  if (stored.value === undefined) return undoDeletion(operator, profile, stored, options)
  const target = await during(
    reading,
    options.to === undefined
      ? earlierVersion(operator, profile, stored)
      : namedVersion(operator, profile, options.to),
  )
  const wasValid = settingsFaults(stored.value).length === 0
  const merged = withEditablePart(Object(stored.value), editablePart(target.value))
  // Where somebody broke the pinned version or the keys by hand, there is nothing left to keep.
  const keeps = settingsFaults(merged).length === 0
  const settings = keeps ? merged : target.value
  const others = profileDiff(keptPart(stored.value), keptPart(target.value)).length > 0
  const notes = [
    `Back to the settings of version ${target.version}, as a new version.`,
    ...(keeps && others
      ? [
          'The pinned key version and the recipient keys were other ones then: the present ones stay. `padlock key` and ' +
            '`padlock recipient activate` change them.',
        ]
      : []),
    ...(keeps
      ? []
      : [
          'The present keys are not valid, so the pinned version and the recipient keys of that version come back too.',
        ]),
    ...pinnedKeyFaults(await readSigningKey(operator, settings), settings).map(
      (fault) => `It will not sign: ${fault}.`,
    ),
    ...(wasValid ? effectsOf(stored.value as ProfileSettings, settings) : []),
  ]
  const report = await changeProfile(operator, { profile, stored, settings, notes }, options)
  printChange(operator, report, `Rolled ${profile} back to the settings of version ${target.version}`)
}

function keptPart(settings: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(Object(settings)).filter(([name]) => keptFields.includes(name) && name !== 'changedBy'),
  )
}
