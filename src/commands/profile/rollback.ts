import { during, refused } from '../../cli/exit.ts'
import type { Operator } from '../../cli/operator.ts'
import { profileName, versionNumber } from '../../cli/values/parsers.ts'
import { changeVerb } from '../../cli/verb.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { settingsFaults } from '../../vault/profiles/profile-settings.ts'
import type { StoredProfile } from '../../vault/profiles/profile-store.ts'
import { changeProfile, printChange } from '../profile-change/change.ts'
import { profileDiff } from '../profile-change/diff.ts'
import { editablePart, keptFields, withEditablePart } from './fields.ts'
import { missingPathNotes } from './signer-policy.ts'
import { undoDeletion } from './undo-deletion.ts'
import { pinnedKeyFaults, readSigningKey } from './validity.ts'
import { effectsOf } from './visitor-impact.ts'

/**
 * The newest earlier version that has other settings. Run again, a rollback must not go further or forward again: so
 * where the present settings are an earlier version's, the operator has to say which one is meant.
 */
async function earlierVersion({ profiles }: Operator, profile: string, stored: StoredProfile) {
  const versions = await profiles.versions(profile)
  let found: { version: number; value: ProfileSettings } | undefined
  for (const { version } of versions.filter((entry) => entry.version < stored.version).reverse()) {
    const value = await profiles.readVersion(profile, version)
    if (value === undefined || settingsFaults(value).length > 0) {
      continue
    }
    const isOther = profileDiff(editablePart(Object(stored.value)), editablePart(value as object)).length > 0
    if (isOther) {
      found ??= { version, value: value as ProfileSettings }
    } else if (found !== undefined) {
      throw refused(
        `The settings of ${profile} are those of version ${version} already, as a rollback leaves them. To go elsewhere, ` +
          `name a version with --to (see \`padlock profile show ${profile} --history\`).`,
      )
    }
  }
  if (found !== undefined) {
    return found
  }
  throw refused(
    `The history of ${profile} holds no other settings: see \`padlock profile show ${profile} --history\`.`,
  )
}

async function namedVersion({ profiles }: Operator, profile: string, version: number) {
  const value = await profiles.readVersion(profile, version)
  if (value === undefined) {
    throw refused(`The profile ${profile} has no version ${version} that can be read: see --history.`)
  }
  const faults = settingsFaults(value)
  if (faults.length > 0) {
    throw refused(`Version ${version} is not valid: ${faults.join('; ')}.`)
  }
  return { version, value: value as ProfileSettings }
}

function keptPart(settings: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(Object(settings)).filter(([name]) => keptFields.includes(name) && name !== 'changedBy'),
  )
}

/** What the operator should know before the settings of an earlier version are taken. */
async function rollbackNotes(
  operator: Operator,
  { value: present }: StoredProfile,
  target: { version: number; value: ProfileSettings },
  { settings, keeps }: { settings: ProfileSettings; keeps: boolean },
): Promise<string[]> {
  const wasValid = settingsFaults(present).length === 0
  const others = profileDiff(keptPart(present), keptPart(target.value)).length > 0
  const kept =
    'The pinned key version and the recipient keys were other ones then: the present ones stay. `padlock key` and ' +
    '`padlock recipient activate` change them.'
  const taken =
    'The present keys are not valid, so the pinned version and the recipient keys of that version come back too.'
  return [
    `Back to the settings of version ${target.version}, as a new version.`,
    ...(keeps && others ? [kept] : []),
    ...(keeps ? [] : [taken]),
    ...pinnedKeyFaults(await readSigningKey(operator, settings), settings).map(
      (fault) => `It will not sign: ${fault}.`,
    ),
    ...(keeps ? [] : await missingPathNotes(operator, settings.signingKey)),
    ...(wasValid ? effectsOf(present as ProfileSettings, settings) : []),
  ]
}

const help = {
  text: `Without --to, to the newest earlier version that has other settings. The pinned key version and the recipient keys stay as
they are now. Vault keeps ten versions, unless the store was told to keep more. In scripts give --to: run again, it changes
nothing.`,
  examples: ['padlock profile rollback shop', 'padlock profile rollback shop --to 3 --dry-run'],
}

/** `padlock profile rollback`: never the pinned version or the recipient keys, which have commands of their own. */
export const verb = changeVerb(
  help,
  (command) =>
    command
      .argument('<profile>', 'its name', profileName)
      .option(
        '--to <version>',
        'version whose settings to take (see `profile show --history`)',
        versionNumber,
      ),
  async (changer, profile, { to }) => {
    const reading = `Reading the profile ${profile}`
    const stored = await during(reading, changer.profiles.read(profile))
    if (stored.version === 0) {
      throw refused(`There is no profile ${profile}: see \`padlock profile list\`.`)
    }
    if (stored.value === undefined) {
      return undoDeletion(changer, profile, stored, to)
    }
    const target = await during(
      reading,
      to === undefined ? earlierVersion(changer, profile, stored) : namedVersion(changer, profile, to),
    )
    const merged = withEditablePart(Object(stored.value), editablePart(target.value))
    // Where somebody broke the pinned version or the keys by hand, there is nothing left to keep.
    const keeps = settingsFaults(merged).length === 0
    const settings = keeps ? merged : target.value
    const notes = await rollbackNotes(changer, stored, target, { settings, keeps })
    const report = await changeProfile(changer, { profile, stored, settings, notes })
    printChange(changer, report, `Rolled ${profile} back to the settings of version ${target.version}`)
  },
)
