import type { ProfileSettings } from '../token/profile.ts'
import type { VaultClient } from '../vault/client.ts'
import { readOperatorName } from '../vault/operator-name.ts'
import { changeAuthor, deleteProfile, readProfileVersions } from '../vault/profile-history.ts'
import { settingsFaults } from '../vault/profile-settings.ts'
import {
  ProfileConflictError,
  readStoredProfile,
  type StoredProfile,
  writeProfile,
} from '../vault/profile-store.ts'
import { during, refused, usageError } from './exit.ts'
import { uninterrupted } from './interrupt.ts'
import type { ChangeOptions, Operator } from './operator.ts'
import { diffText, type FieldChange, profileDiff } from './profile-diff.ts'
import { confirm, printJson, printNotes, type Terminal } from './terminal.ts'

/** A change of a profile that is about to be made. */
export interface ProfileChange {
  profile: string
  /** as it was read: what is there now, and the version that the write must meet */
  stored: StoredProfile
  settings: ProfileSettings
  /** what the operator should know before the answer */
  notes?: readonly string[]
  /** made before the profile is written, after the answer; harmless when it is made twice */
  prepare?: () => Promise<void>
  /** in place of the question; throws where the answer is no. It is put even with `--yes` */
  confirm?: () => Promise<void>
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
export function printChange({ terminal, json }: Operator, report: ChangeReport, done: string): void {
  const { stdout } = terminal
  if (json) printJson(terminal, report)
  else if (report.changes.length === 0)
    stdout.write(`Nothing to change: ${report.profile} is as it should be.\n`)
  else if (report.dryRun) stdout.write('Dry run: nothing was changed.\n')
  else stdout.write(`${done} (version ${report.version}).\n`)
}

/** Shows what would change and what it means: to standard error where standard output is for a program. */
export function printPlan({ terminal, json }: Operator, title: string, report: ChangeReport): void {
  const stream: Terminal['stdout'] = json ? terminal.stderr : terminal.stdout
  stream.write(`${title}\n${diffText(stream, report.changes)}`)
  printNotes(terminal, report.notes)
}

/**
 * Shows what changes, asks, and writes the profile if nobody has changed it meanwhile (check-and-set).
 *
 * @throws CommandError with exit code 1 when it is refused, or when somebody else was faster: then with what they changed
 */
export async function changeProfile(
  operator: Operator,
  change: ProfileChange,
  { dryRun = false, yes = false }: ChangeOptions,
): Promise<ChangeReport> {
  const { profile, stored, settings, notes = [] } = change
  const { terminal } = operator
  const faults = settingsFaults(settings)
  if (faults.length > 0) throw usageError(`The profile ${profile} would not be valid: ${faults.join('; ')}.`)
  const changes = profileDiff(stored.value, settings)
  const report = { profile, dryRun, changed: false, version: stored.version, changes, notes }
  if (changes.length === 0) return report
  if (dryRun || change.confirm !== undefined || !yes || !operator.json) {
    printPlan(
      operator,
      stored.value === undefined ? `New profile ${profile}:` : `Profile ${profile}:`,
      report,
    )
  }
  if (dryRun) return report
  if (change.confirm !== undefined) await change.confirm()
  else if (!yes && !(await confirm(terminal, 'Make this change?'))) throw refused('Nothing was changed.')
  return uninterrupted(terminal, async () => {
    await change.prepare?.()
    const version = await write(operator, change)
    return { ...report, changed: true, version }
  })
}

async function write(operator: Operator, change: ProfileChange): Promise<number> {
  const { client, kvMount } = operator
  const { profile, stored, settings } = change
  const changedBy = await during('Reading your name', readOperatorName(client))
  const work = async () => {
    const version = await writeProfile(client, kvMount, profile, { ...settings, changedBy }, stored.version)
    await refuseAfterDeletion(client, kvMount, profile, stored, version)
    return version
  }
  try {
    return await during(`Writing the profile ${profile}`, work())
  } catch (error) {
    if (!(error instanceof ProfileConflictError)) throw error
    throw await conflict(operator, profile, stored)
  }
}

/** KV's check-and-set lets a version follow on one that was deleted: then the deletion holds, and the write is undone. */
async function refuseAfterDeletion(
  client: VaultClient,
  kvMount: string,
  profile: string,
  before: StoredProfile,
  written: number,
): Promise<void> {
  if (before.value === undefined) return
  const versions = await readProfileVersions(client, kvMount, profile)
  if (versions.find(({ version }) => version === before.version)?.deletedAt === undefined) return
  await deleteProfile(client, kvMount, profile, written)
  throw new ProfileConflictError(profile)
}

/** What ends a command whose profile somebody else has changed since it was read: who, when, and what. */
export async function conflict(
  { client, kvMount, terminal }: Operator,
  profile: string,
  before: StoredProfile,
) {
  const [now, versions] = await during(
    `Reading the profile ${profile} again`,
    Promise.all([readStoredProfile(client, kvMount, profile), readProfileVersions(client, kvMount, profile)]),
  )
  const at = versions.find(({ version }) => version === now.version)?.createdAt ?? 'a moment ago'
  const what =
    now.value === undefined
      ? `Someone else has deleted the profile ${profile}`
      : `${changeAuthor(now.value) ?? 'Someone else'} has changed the profile ${profile} (version ${now.version}, ${at})`
  const changes = now.value === undefined ? [] : profileDiff(before.value, now.value)
  const theirs =
    changes.length > 0 ? `\nWhat they changed:\n${diffText(terminal.stderr, changes).trimEnd()}` : ''
  return refused(
    `${what} since you looked. Nothing of yours was written: look again, then repeat it.${theirs}`,
  )
}
