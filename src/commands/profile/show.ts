import {
  changeAuthor,
  type ProfileVersion,
  readSettingsOf,
  readProfileVersions,
} from '../../vault/profile-history.ts'
import { during, refused } from '../exit.ts'
import type { Operator } from '../operator.ts'
import { diffText, type FieldChange, profileDiff } from '../profile-diff.ts'
import { printable, printJson, table } from '../terminal.ts'
import { existingProfile } from './stored.ts'

/** Options of `padlock profile show`. */
export interface ShowOptions {
  history?: boolean
  version?: number
}

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
  if (destroyed) return 'destroyed'
  if (deletedAt !== undefined) return 'deleted'
  return version === newest ? 'current' : 'past'
}

async function readHistory({ client, kvMount }: Operator, profile: string): Promise<PastVersion[]> {
  const versions = await readProfileVersions(client, kvMount, profile)
  const values = await Promise.all(
    versions.map(({ version }) => readSettingsOf(client, kvMount, profile, version)),
  )
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
  if (versions.length === 0) throw refused(`There is no profile ${profile}: see \`padlock profile list\`.`)
  if (operator.json) return printJson(operator.terminal, { profile, versions: versions.reverse() })
  const { stdout } = operator.terminal
  for (const { version, state, createdAt, changedBy, deletedAt, changes } of versions.reverse()) {
    const who = changedBy === null ? 'by hand, or not known' : `by ${printable(changedBy)}`
    const gone = deletedAt === null ? '' : `, deleted ${printable(deletedAt)}`
    stdout.write(`version ${version} (${state})  ${printable(createdAt)}  ${who}${gone}\n`)
    if (version === 1) stdout.write('  made\n')
    else stdout.write(changes === null ? '  what changed is not kept\n' : diffText(stdout, changes))
  }
}

/** `padlock profile show`. */
export async function showProfile(operator: Operator, profile: string, options: ShowOptions): Promise<void> {
  if (options.history) return showHistory(operator, profile)
  const { client, kvMount, terminal } = operator
  let version = options.version
  let settings: unknown
  if (version === undefined) {
    const stored = await existingProfile(operator, profile)
    version = stored.version
    settings = stored.value
  } else {
    settings = await during(`Reading version ${version}`, readSettingsOf(client, kvMount, profile, version))
    if (settings === undefined) {
      throw refused(`The profile ${profile} has no version ${version} that can be read: see --history.`)
    }
  }
  const versions = await during(
    `Reading the history of ${profile}`,
    readProfileVersions(client, kvMount, profile),
  )
  const changedAt = versions.find((entry) => entry.version === version)?.createdAt ?? null
  const changedBy = changeAuthor(settings) ?? null
  if (operator.json) return printJson(terminal, { profile, version, changedAt, changedBy, settings })
  const rows = profileDiff(undefined, settings)
  terminal.stdout.write(
    table([
      ['profile', profile],
      [
        'version',
        `${version}, ${printable(changedAt ?? 'unknown time')}, by ${printable(changedBy ?? 'unknown')}`,
      ],
    ]),
  )
  terminal.stdout.write(diffText(terminal.stdout, rows).replace(/^ {2}\S+ {2}/gm, '  '))
}
