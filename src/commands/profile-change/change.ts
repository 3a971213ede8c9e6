import { agreed } from '../../cli/confirm.ts'
import { during, refused, usageError } from '../../cli/exit.ts'
import type { Operator } from '../../cli/operator.ts'
import { uninterrupted } from '../../cli/signals.ts'
import { printResult } from '../../cli/terminal.ts'
import type { Changer } from '../../cli/verb.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { readOperatorName } from '../../vault/admin/operator-name.ts'
import { changeAuthor, settingsFaults } from '../../vault/profiles/profile-settings.ts'
import {
  ProfileConflictError,
  type ProfileStore,
  type StoredProfile,
} from '../../vault/profiles/profile-store.ts'
import { diffRows, diffText, type FieldChange, profileDiff } from './diff.ts'

/** A change of a profile that is about to be made. */
export interface ProfileChange {
  profile: string
  /** as it was read: what is there now, and the version that the write must meet */
  stored: StoredProfile
  settings: ProfileSettings
  /** who changes it, where the settings say it too; without it, it is read */
  by?: string
  /** what the operator should know before the answer */
  notes?: readonly string[]
  question?: string
  /** asked for in place of the question, with `--yes` too */
  proof?: (() => Promise<void>) | undefined
  /** made before the profile is written, after the answer; harmless when it is made twice */
  prepare?: () => Promise<void>
}

/** What became of a change; as JSON, what a program reads. */
export interface ChangeReport {
  profile: string
  dryRun: boolean
  changed: boolean
  /** KV version that holds the profile now; 0 where there is none */
  version: number
  changes: FieldChange[]
  notes: readonly string[]
}

/** Ends with the report on standard output, in the form that was asked for. */
export function printChange(operator: Operator, report: ChangeReport, done: string): void {
  printResult(operator, report, (stdout) => {
    if (report.changes.length === 0) {
      stdout.line(`Nothing to change: ${report.profile} is as it should be.`)
    } else if (report.changed) {
      stdout.line(`${done} (version ${report.version}).`)
    }
  })
}

/** Who runs the command, as Vault knows the token. */
export const operatorName = ({ client }: Operator) => during('Reading your name', readOperatorName(client))

/**
 * Shows what changes, asks, and writes the profile if nobody has changed it meanwhile (check-and-set).
 *
 * @throws CommandError with exit code 1 when it is refused, or when somebody else was faster: then with what they changed
 */
export async function changeProfile(changer: Changer, change: ProfileChange): Promise<ChangeReport> {
  const { profile, stored, settings, notes = [], question = 'Make this change?', proof } = change
  const faults = settingsFaults(settings)
  if (faults.length > 0) {
    throw usageError(`The profile ${profile} would not be valid: ${faults.join('; ')}.`)
  }
  const changes = profileDiff(stored.value, settings)
  const { dryRun } = changer
  const report = { profile, dryRun, changed: false, version: stored.version, changes, notes }
  if (changes.length === 0) {
    return report
  }
  const title = stored.value === undefined ? `New profile ${profile}:` : `Profile ${profile}:`
  const isAgreed = await agreed(changer, {
    show: (output) => {
      output.line(title)
      output.table(diffRows(changes))
    },
    ...{ notes, question, proof },
  })
  if (!isAgreed) {
    return report
  }
  return uninterrupted(changer.terminal, async () => {
    await change.prepare?.()
    const version = await write(changer, change)
    return { ...report, changed: true, version }
  })
}

async function write(operator: Operator, change: ProfileChange): Promise<number> {
  const { profiles } = operator
  const { profile, stored, settings } = change
  const changedBy = change.by ?? (await operatorName(operator))
  const work = async () => {
    const version = await profiles.write(profile, { ...settings, changedBy }, stored.version)
    await refuseAfterDeletion(profiles, profile, stored, version)
    return version
  }
  try {
    return await during(`Writing the profile ${profile}`, work())
  } catch (error) {
    if (!(error instanceof ProfileConflictError)) {
      throw error
    }
    throw await conflict(operator, profile, stored)
  }
}

/** KV's check-and-set lets a version follow on one that was deleted: then the deletion holds, and the write is undone. */
async function refuseAfterDeletion(
  profiles: ProfileStore,
  profile: string,
  before: StoredProfile,
  written: number,
): Promise<void> {
  if (before.value === undefined) {
    return
  }
  const versions = await profiles.versions(profile)
  if (versions.find(({ version }) => version === before.version)?.deletedAt === undefined) {
    return
  }
  await profiles.delete(profile, written)
  throw new ProfileConflictError(profile)
}

/** What ends a command whose profile somebody else has changed since it was read: who, when, and what. */
export async function conflict(
  { profiles }: Operator,
  profile: string,
  before: Pick<StoredProfile, 'value'>,
) {
  const [now, versions] = await during(
    `Reading the profile ${profile} again`,
    Promise.all([profiles.read(profile), profiles.versions(profile)]),
  )
  const at = versions.find(({ version }) => version === now.version)?.createdAt ?? 'a moment ago'
  const what =
    now.value === undefined
      ? `Someone else has deleted the profile ${profile}`
      : `${changeAuthor(now.value) ?? 'Someone else'} has changed the profile ${profile} (version ${now.version}, ${at})`
  const changes = now.value === undefined ? [] : profileDiff(before.value, now.value)
  const theirs = changes.length > 0 ? `\nWhat they changed:\n${diffText(changes).trimEnd()}` : ''
  return refused(
    `${what} since you looked. Nothing of yours was written: look again, then repeat it.${theirs}`,
  )
}
