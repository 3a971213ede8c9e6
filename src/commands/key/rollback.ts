import { during, refused } from '../../cli/exit.ts'
import type { Operator } from '../../cli/operator.ts'
import { profileName, versionNumber } from '../../cli/values/parsers.ts'
import { changeVerb } from '../../cli/verb.ts'
import { readKeyMoves } from '../../vault/profiles/key-history.ts'
import { instancesOf } from './instance-verdicts.ts'
import { finish, followedOption, pin, waitOption } from './pin.ts'
import { type KeySubject, readSubject, refuseRetired, versionKey } from './subject.ts'

/**
 * The version to go back to. It is always older than the pinned one, so that a second run never goes forward again:
 * that way is `key activate`, with the vendor's word.
 *
 * @returns undefined when the profile has been taken back already
 */
async function target(
  { profiles }: Operator,
  { profile, settings }: KeySubject,
  wanted: number | undefined,
): Promise<number | undefined> {
  const { signingKeyVersion: pinned, previousSigningKeyVersion: previous, signingKey } = settings
  const version = wanted ?? previous
  if (version === undefined) {
    throw refused(`${profile} has signed with version ${pinned} alone: there is nothing to go back to.`)
  }
  if (version === pinned || (wanted === undefined && version > pinned)) {
    return undefined
  }
  if (version > pinned) {
    throw refused(`Version ${version} is newer than ${pinned}: padlock key activate ${profile} ${version}`)
  }
  if (version === previous) {
    return version
  }
  const moves = await during('Reading the history', readKeyMoves(profiles, profile))
  if (moves.some((move) => move.signingKey === signingKey && move.version === version)) {
    return version
  }
  throw refused(
    `Nothing shows that ${profile} has ever signed with version ${version}, so iAdvize may not hold it: ` +
      `padlock key activate ${profile} ${version}`,
  )
}

/** `padlock key rollback`: goes back to a version that was in use before. */
export const verb = changeVerb(
  { examples: ['padlock key rollback shop', 'padlock key rollback shop --yes'] },
  (command) =>
    command
      .argument('<profile>', 'its name', profileName)
      .argument('[version]', 'an older one that was in use', versionNumber)
      .addOption(followedOption())
      .addOption(waitOption()),
  async (changer, profile, wanted, follow) => {
    instancesOf(follow.instance ?? [], changer.terminal.env)
    const subject = await readSubject(changer, profile)
    const { key, settings } = subject
    const { signingKeyVersion: pinned, previousSigningKeyVersion: previous } = settings
    const version = (await target(changer, subject, wanted)) ?? pinned
    const { fingerprint } = versionKey(key, version)
    const held = [
      `iAdvize must hold ${fingerprint} now: if it has switched to another key, tell your contact at once to go back to this one (padlock key export ${profile} ${version}).`,
    ]
    if (version === pinned) {
      const back = previous !== undefined && previous > version ? `taken back from ${previous} ` : ''
      const line = `${profile} signs with version ${version} of ${key.name}, ${back}since ${settings.activatedAt}: nothing to change.`
      return finish(changer, { profile, version, lines: [line, ...held] }, follow)
    }
    refuseRetired(subject, version, changer.keys.mount)
    const question = `Take ${profile} back from version ${pinned} to version ${version}?`
    const report = await pin(changer, subject, version, { question })
    const line = `${profile} signs with version ${version} of ${key.name} again, in place of version ${pinned}.`
    await finish(changer, { profile, version, report, lines: [line, ...held] }, follow)
  },
)
