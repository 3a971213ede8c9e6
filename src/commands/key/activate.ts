import { agreed } from './agreed.ts'
import { checkAcknowledged } from './acknowledged.ts'
import { type KeyContext, plain, readSubject, refuseRetired, versionKey } from './context.ts'
import { instancesOf } from './instances.ts'
import { type FollowOptions, finish, pin } from './pin.ts'

/** What `key activate` may be told. */
export interface ActivateOptions extends FollowOptions {
  version: number
  /** the fingerprint that the vendor acknowledged */
  acknowledged?: string | undefined
  yes?: boolean | undefined
}

/**
 * `padlock key activate <profile> <version>`: pins a version which the vendor has acknowledged by its fingerprint, and
 * waits for the instances. The fingerprint is the question: nothing else answers it.
 */
export async function activateKey(
  context: KeyContext,
  profile: string,
  { version, acknowledged, yes, ...follow }: ActivateOptions,
): Promise<void> {
  instancesOf(follow.instance, context.terminal.env)
  const subject = await readSubject(context, profile)
  const { key, settings } = subject
  versionKey(key, version)
  const changed = settings.signingKeyVersion !== version
  if (changed) refuseRetired(subject, version, context.transitMount)
  if (changed || acknowledged !== undefined) {
    await checkAcknowledged(context.terminal, key, version, acknowledged)
  }
  if (changed) {
    // Who typed the fingerprint just now has been asked.
    const question = `Sign for ${profile} with version ${version} in place of ${settings.signingKeyVersion}?`
    await agreed(context.terminal, yes || acknowledged === undefined, question)
    await pin(context, subject, version)
  }
  const lines = changed
    ? [
        `${profile} now signs with version ${version} of ${key.name}, in place of version ${settings.signingKeyVersion}.`,
        version > settings.signingKeyVersion
          ? `To go back: padlock key rollback ${profile}`
          : `To go forward again: padlock key activate ${profile} ${settings.signingKeyVersion}`,
      ]
    : [
        `${profile} signs with version ${version} of ${key.name} already, since ${plain(settings.activatedAt)}.`,
      ]
  await finish(context, { profile, version, changed, lines }, follow)
}
