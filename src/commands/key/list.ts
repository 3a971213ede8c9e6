import { type KeyVersionState, keyVersionState } from '../../token/key-versions.ts'
import { type KeyMove, readKeyMoves } from '../../vault/key-history.ts'
import { during } from '../exit.ts'
import { paint, table } from '../terminal.ts'
import { type KeyContext, type KeySubject, plain, print, readSubject, versionKey } from './context.ts'

const colours = { staged: 'yellow', active: 'green', previous: 'cyan', retired: 'dim' } as const

/** One version as `key list` tells of it. */
export interface ListedVersion {
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
export function listedVersions({ settings, key }: KeySubject, moves: readonly KeyMove[]): ListedVersion[] {
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

/** `padlock key list <profile>` */
export async function listKeys(context: KeyContext, profile: string): Promise<void> {
  const subject = await readSubject(context, profile)
  const { key } = subject
  const moves = await during('Reading the history', readKeyMoves(context.client, context.kvMount, profile))
  const versions = listedVersions(subject, moves)
  const rows = versions.map(({ version, state, createdAt, movedAt, movedBy, fingerprint, thumbprint }) => [
    String(version),
    paint(context.terminal.stdout, colours[state], state),
    shortTime(createdAt),
    movedAt === null ? '-' : plain(shortTime(movedAt)),
    plain(movedBy ?? '-'),
    fingerprint,
    thumbprint,
  ])
  const heads = ['VERSION', 'STATE', 'CREATED', 'MOVED', 'BY', 'FINGERPRINT', 'THUMBPRINT']
  const text = `${table([heads, ...rows])}\n${key.name} (${key.type}), profile ${profile}. Who staged or retired a version stands in Vault's audit log alone.\n`
  const { minEncryptionVersion } = key
  print(context, { profile, signingKey: key.name, type: key.type, minEncryptionVersion, versions }, text)
}
