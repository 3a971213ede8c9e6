import { Option } from '@commander-js/extra-typings'
import { during, refused } from '../../cli/exit.ts'
import type { Operator } from '../../cli/operator.ts'
import { printResult } from '../../cli/terminal.ts'
import { profileName, versionNumber } from '../../cli/values/parsers.ts'
import { operatorVerb } from '../../cli/verb.ts'
import { changeAuthor } from '../../vault/profiles/profile-settings.ts'
import type { ProfileVersion } from '../../vault/profiles/profile-store.ts'
import { diffRows, type FieldChange, profileDiff } from '../profile-change/diff.ts'
import { existingProfile } from '../profile-change/existing-profile.ts'

/** A version as it is shown in a history. */
interface PastVersion {
  version: number
  state: 'current' | 'past' | 'deleted' | 'destroyed'
  createdAt: string
  changedBy: string | null
  deletedAt: string | null
  /** against the version before; null where one of the two can no longer be read */
  changes: FieldChange[] | null
}

function stateOf({ deletedAt, destroyed, version }: ProfileVersion, newest: number): PastVersion['state'] {
  if (destroyed) {
    return 'destroyed'
  }
  if (deletedAt !== undefined) {
    return 'deleted'
  }
  return version === newest ? 'current' : 'past'
}

async function readHistory({ profiles }: Operator, profile: string): Promise<PastVersion[]> {
  const versions = await profiles.versions(profile)
  const values = await Promise.all(versions.map(({ version }) => profiles.readVersion(profile, version)))
  const newest = versions.at(-1)?.version ?? 0
  return versions.map((entry, index) => {
    const [before, value] = [values[index - 1], values[index]]
    const isFirst = entry.version === 1
    const known = value !== undefined && (isFirst || before !== undefined)
    return {
      version: entry.version,
      state: stateOf(entry, newest),
      createdAt: entry.createdAt,
      changedBy: changeAuthor(value) ?? null,
      deletedAt: entry.deletedAt ?? null,
      changes: known ? profileDiff(before, value) : null,
    }
  })
}

async function showHistory(operator: Operator, profile: string): Promise<void> {
  const versions = await during(`Reading the history of ${profile}`, readHistory(operator, profile))
  if (versions.length === 0) {
    throw refused(`There is no profile ${profile}: see \`padlock profile list\`.`)
  }
  printResult(operator, { profile, versions: versions.reverse() }, (stdout) => {
    for (const { version, state, createdAt, changedBy, deletedAt, changes } of versions) {
      const who = changedBy === null ? 'by hand, or not known' : `by ${changedBy}`
      const gone = deletedAt === null ? '' : `, deleted ${deletedAt}`
      stdout.line(`version ${version} (${state})  ${createdAt}  ${who}${gone}`)
      if (version === 1 || changes === null) {
        stdout.line(version === 1 ? '  made' : '  what changed is not kept')
      } else {
        stdout.table(diffRows(changes))
      }
    }
  })
}

/** The settings of a version, or of the newest. */
async function settingsOf(operator: Operator, profile: string, version: number | undefined) {
  if (version === undefined) {
    const stored = await existingProfile(operator, profile)
    return { version: stored.version, settings: stored.value as unknown }
  }
  const reading = operator.profiles.readVersion(profile, version)
  const settings = await during(`Reading version ${version}`, reading)
  if (settings === undefined) {
    throw refused(`The profile ${profile} has no version ${version} that can be read: see --history.`)
  }
  return { version, settings }
}

const help = {
  examples: [
    'padlock profile show shop',
    'padlock profile show shop --history',
    'padlock profile show shop --version 3 --output json',
  ],
}

/** `padlock profile show`. */
export const verb = operatorVerb(
  help,
  (command) =>
    command
      .argument('<profile>', 'its name', profileName)
      .addOption(
        new Option('--history', 'its versions: when, by whom, and what changed').conflicts('version'),
      )
      .addOption(new Option('--version <number>', 'an earlier version').argParser(versionNumber)),
  async (operator, profile, options) => {
    if (options.history) {
      return showHistory(operator, profile)
    }
    const { version, settings } = await settingsOf(operator, profile, options.version)
    const versions = await during(`Reading the history of ${profile}`, operator.profiles.versions(profile))
    const changedAt = versions.find((entry) => entry.version === version)?.createdAt ?? null
    const changedBy = changeAuthor(settings) ?? null
    printResult(operator, { profile, version, changedAt, changedBy, settings }, (stdout) =>
      stdout.table([
        ['profile', profile],
        ['version', `${version}, ${changedAt ?? 'unknown time'}, by ${changedBy ?? 'unknown'}`],
        ...diffRows(profileDiff(undefined, settings)).map(([, name = '', value = '']) => [name, value]),
      ]),
    )
  },
)
