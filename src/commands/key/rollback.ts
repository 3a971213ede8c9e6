import { readKeyMoves } from '../../vault/key-history.ts'
import { during, refused } from '../exit.ts'
import { agreed } from './agreed.ts'
import { type KeyContext, type KeySubject, plain, readSubject, refuseRetired, versionKey } from './context.ts'
import { instancesOf } from './instances.ts'
import { type FollowOptions, finish, pin } from './pin.ts'

/** What `key rollback` may be told. */
export interface RollbackOptions extends FollowOptions {
  /** a version that was in use before; without it, the one before the present one */
  version?: number | undefined
  yes?: boolean | undefined
}

/**
 * The version to go back to. It is always older than the pinned one, so that a second run never goes forward again:
 * that way is `key activate`, with the vendor's word.
 *
 * @returns undefined when the profile has been taken back already
 */
async function target(
  { client, kvMount }: KeyContext,
  { profile, settings }: KeySubject,
  wanted: number | undefined,
): Promise<number | undefined> {
  const { signingKeyVersion: pinned, previousSigningKeyVersion: previous, signingKey } = settings
  const version = wanted ?? previous
  if (version === undefined) {
    throw refused(`${profile} has signed with version ${pinned} alone: there is nothing to go back to.`)
  }
  if (version === pinned || (wanted === undefined && version > pinned)) return undefined
  if (version > pinned) {
    throw refused(`Version ${version} is newer than ${pinned}: padlock key activate ${profile} ${version}`)
  }
  if (version === previous) return version
  const moves = await during('Reading the history', readKeyMoves(client, kvMount, profile))
  if (moves.some((move) => move.signingKey === signingKey && move.version === version)) return version
  throw refused(
    `Nothing tells that ${profile} has ever signed with version ${version}, so iAdvize may not hold it: ` +
      `padlock key activate ${profile} ${version}`,
  )
}

/** `padlock key rollback <profile> [version]`: goes back to a version that was in use before. */
export async function rollbackKey(
  context: KeyContext,
  profile: string,
  { version: wanted, yes, ...follow }: RollbackOptions,
): Promise<void> {
  instancesOf(follow.instance, context.terminal.env)
  const subject = await readSubject(context, profile)
  const { key, settings } = subject
  const { signingKeyVersion: pinned, previousSigningKeyVersion: previous } = settings
  const version = (await target(context, subject, wanted)) ?? pinned
  const { fingerprint } = versionKey(key, version)
  const changed = version !== pinned
  if (changed) {
    refuseRetired(subject, version, context.transitMount)
    await agreed(context.terminal, yes, `Take ${profile} back from version ${pinned} to version ${version}?`)
    await pin(context, subject, version)
  }
  const lines = [
    changed
      ? `${profile} signs with version ${version} of ${key.name} again, in place of version ${pinned}.`
      : `${profile} signs with version ${version} of ${key.name}, ` +
        `${previous !== undefined && previous > version ? `taken back from ${previous} ` : ''}since ${plain(settings.activatedAt)}: nothing to change.`,
    `iAdvize must hold ${fingerprint} now: if it has switched to another key, tell your contact at once`,
    `to go back to this one (padlock key export ${profile} ${version}).`,
  ]
  await finish(context, { profile, version, changed, lines }, follow)
}
