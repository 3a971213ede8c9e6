import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { answerData } from './answer-data.ts'
import type { VaultClient } from './client.ts'
import { ifPresent } from './if-present.ts'
import { inTurns } from './in-turns.ts'
import { profileDataPath, profileMetadataPath } from './profile-paths.ts'

/** A time when a profile was given another pinned version. */
export interface KeyMove {
  /** transit key and version that were pinned */
  signingKey: string
  version: number
  /** the version that was pinned before; undefined for the first that is known */
  from: number | undefined
  /** RFC 3339 */
  at: string
  /** display name of the operator */
  by: string
  /** longest life, in seconds, that tokens had while it was pinned */
  tokenTtlSeconds: number
}

const MetadataSchema = Type.Object({
  versions: Type.Record(
    Type.String({ pattern: '^[1-9][0-9]*$' }),
    Type.Object({ deletion_time: Type.String(), destroyed: Type.Boolean() }),
  ),
})
const PinSchema = Type.Object({
  signingKey: Type.String(),
  signingKeyVersion: Type.Integer({ minimum: 1 }),
  tokenTtlSeconds: Type.Integer(),
  activatedAt: Type.String(),
  activatedBy: Type.String(),
})
const DataSchema = Type.Object({ data: Type.Unknown() })

/** KV versions that are read at the most, and at once. KV keeps 10 unless it was told otherwise. */
const most = 50
const atOnce = 8

async function readVersion(client: VaultClient, path: string, version: number): Promise<unknown> {
  const body = await ifPresent(client.read(path, { query: { version } }))
  return body === undefined ? undefined : answerData(DataSchema, 'a profile', body).data
}

/**
 * The moves of a profile's pinned version, oldest first, as far as KV still has the settings of then: the history is
 * the KV versions themselves. The last one is the move to the version that is pinned now.
 */
export async function readKeyMoves(client: VaultClient, kvMount: string, name: string): Promise<KeyMove[]> {
  const body = await ifPresent(client.read(profileMetadataPath(kvMount, name)))
  if (body === undefined) return []
  const { versions } = answerData(MetadataSchema, "a profile's history", body)
  const readable = Object.entries(versions)
    .filter(([, { deletion_time, destroyed }]) => deletion_time === '' && !destroyed)
    .map(([version]) => Number(version))
    .sort((a, b) => a - b)
    .slice(-most)
  const path = profileDataPath(kvMount, name)
  const states = await inTurns(readable, atOnce, (version) => readVersion(client, path, version))
  const moves: KeyMove[] = []
  for (const state of states) {
    if (!Value.Check(PinSchema, state)) continue
    const { signingKey, signingKeyVersion: version, tokenTtlSeconds } = state
    const last = moves.at(-1)
    if (last?.signingKey === signingKey && last.version === version) {
      last.tokenTtlSeconds = Math.max(last.tokenTtlSeconds, tokenTtlSeconds)
      continue
    }
    const from = last?.signingKey === signingKey ? last.version : undefined
    moves.push({ signingKey, version, from, at: state.activatedAt, by: state.activatedBy, tokenTtlSeconds })
  }
  return moves
}
