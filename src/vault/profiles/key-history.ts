import pMap from 'p-map'
import { Type } from 'typebox'
import { Check } from 'typebox/schema'
import type { ProfileStore } from './profile-store.ts'

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

const PinSchema = Type.Object({
  signingKey: Type.String(),
  signingKeyVersion: Type.Integer({ minimum: 1 }),
  tokenTtlSeconds: Type.Integer(),
  activatedAt: Type.String(),
  activatedBy: Type.String(),
})

/** KV versions that are read at the most, and at once. KV keeps 10 unless it is configured otherwise. */
const most = 50
const atOnce = 8

/**
 * The moves of a profile's pinned version, oldest first, as far as KV still has the settings of then: the history is
 * the KV versions themselves. The last one is the move to the version that is pinned now.
 */
export async function readKeyMoves(profiles: ProfileStore, name: string): Promise<KeyMove[]> {
  const versions = await profiles.versions(name)
  const readable = versions.filter(({ deletedAt, destroyed }) => deletedAt === undefined && !destroyed)
  const states = await pMap(readable.slice(-most), ({ version }) => profiles.readVersion(name, version), {
    concurrency: atOnce,
  })
  const moves: KeyMove[] = []
  for (const state of states) {
    if (!Check(PinSchema, state)) {
      continue
    }
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
