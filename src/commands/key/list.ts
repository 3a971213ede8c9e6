import { during } from '../../cli/exit.ts'
import { paint } from '../../cli/layout.ts'
import { printResult } from '../../cli/terminal.ts'
import { profileName } from '../../cli/values/parsers.ts'
import { operatorVerb } from '../../cli/verb.ts'
import { type KeyVersionState, keyVersionState } from '../../vault/keys/key-versions.ts'
import { type KeyMove, readKeyMoves } from '../../vault/profiles/key-history.ts'
import { type KeySubject, readSubject, versionKey } from './subject.ts'

const colours = { staged: 'yellow', active: 'green', previous: 'cyan', retired: 'dim' } as const

/** One version as `key list` prints it. */
interface ListedVersion {
  version: number
  state: KeyVersionState
  createdAt: string
  fingerprint: string
  thumbprint: string
  /** when it came into its state, and who did it; null where only Vault's audit log knows */
  movedAt: string | null
  movedBy: string | null
  /** the times when the profile took it up or left it, oldest first */
  history: { event: 'activated' | 'replaced'; at: string; by: string }[]
}

function historyOf(version: number, moves: readonly KeyMove[]): ListedVersion['history'] {
  return moves
    .filter(({ version: to, from }) => to === version || from === version)
    .map(({ version: to, at, by }) => ({ event: to === version ? 'activated' : 'replaced', at, by }))
}

/** All versions that Vault shows, oldest first. */
function listedVersions({ settings, key }: KeySubject, moves: readonly KeyMove[]): ListedVersion[] {
  const own = moves.filter(({ signingKey }) => signingKey === key.name)
  return [...key.versions.keys()]
    .sort((a, b) => a - b)
    .map((version) => {
      const { fingerprint, thumbprint, createdAt } = versionKey(key, version)
      const history = historyOf(version, own)
      const state = keyVersionState(version, settings, key.minEncryptionVersion, history.length > 0)
      const last = state === 'active' || state === 'previous' ? history.at(-1) : undefined
      const moved = state === 'active' ? { at: settings.activatedAt, by: settings.activatedBy } : last
      return {
        ...{ version, state, createdAt, fingerprint, thumbprint },
        movedAt: moved?.at ?? (state === 'staged' ? createdAt : null),
        movedBy: moved?.by ?? null,
        history,
      }
    })
}

/** Times to the second: the rest says nothing to people. */
const shortTime = (time: string) => time.replace(/\.\d+Z$/, 'Z')

const heads = ['VERSION', 'STATE', 'CREATED', 'MOVED', 'BY', 'FINGERPRINT', 'THUMBPRINT']

const rowOf = (listed: ListedVersion) => [
  String(listed.version),
  paint(colours[listed.state], listed.state),
  shortTime(listed.createdAt),
  listed.movedAt === null ? '-' : shortTime(listed.movedAt),
  listed.movedBy ?? '-',
  listed.fingerprint,
  listed.thumbprint,
]

/** `padlock key list`. */
export const verb = operatorVerb(
  { examples: ['padlock key list shop', 'padlock key list shop --output json'] },
  (command) => command.argument('<profile>', 'its name', profileName),
  async (operator, profile) => {
    const subject = await readSubject(operator, profile)
    const { key } = subject
    const moves = await during('Reading the history', readKeyMoves(operator.profiles, profile))
    const versions = listedVersions(subject, moves)
    const { minEncryptionVersion, name, type } = key
    printResult(operator, { profile, signingKey: name, type, minEncryptionVersion, versions }, (stdout) => {
      stdout.table(versions.map(rowOf), heads)
      stdout.line()
      stdout.line(
        `${name} (${type}), profile ${profile}. Who staged or retired a version stands in Vault's audit log alone.`,
      )
    })
  },
)
