import { agreed } from '../../cli/confirm.ts'
import { during, refused } from '../../cli/exit.ts'
import { uninterrupted } from '../../cli/signals.ts'
import { printNotes, printResult } from '../../cli/terminal.ts'
import type { Changer } from '../../cli/verb.ts'
import type { StoredProfile } from '../../vault/profiles/profile-store.ts'
import { conflict } from '../profile-change/change.ts'
import { diffRows, profileDiff } from '../profile-change/diff.ts'
import { missingPathNotes } from './signer-policy.ts'
import { profileFaults } from './validity.ts'

/** What stands between a profile that was brought back and its first token. */
async function hindrances(changer: Changer, profile: string, value: unknown): Promise<string[]> {
  const faults = await profileFaults(changer, profile, value)
  const { signingKey } = Object(value) as { signingKey?: unknown }
  const paths = typeof signingKey === 'string' ? await missingPathNotes(changer, signingKey) : []
  return [...faults.map((fault) => `It cannot sign: ${fault}`), ...paths]
}

/**
 * Brings a deleted profile back as it was: its keys and its recipient are those that it had.
 *
 * @param to the version that was asked for, where one was
 */
export async function undoDeletion(
  changer: Changer,
  profile: string,
  stored: StoredProfile,
  to: number | undefined,
): Promise<void> {
  const { profiles, terminal, dryRun } = changer
  if (to !== undefined && to !== stored.version) {
    throw refused(
      `The profile ${profile} is deleted. Bring it back first, without --to (version ${stored.version}); then go back to version ${to}.`,
    )
  }
  const notes = [
    'It signs with the key version, and encrypts to the recipient key, that it had when it was deleted.',
  ]
  const report = { profile, dryRun, changed: false, version: stored.version, changes: [], notes }
  const isAgreed = await agreed(changer, {
    show: (output) =>
      output.line(`The profile ${profile} is deleted; version ${stored.version} is to be brought back.`),
    notes,
    question: 'Bring it back?',
  })
  if (!isAgreed) {
    return printResult(changer, report, () => {})
  }
  await uninterrupted(terminal, () =>
    during(`Bringing ${profile} back`, profiles.restore(profile, stored.version)),
  )
  const { value, version } = await during('Reading it', profiles.read(profile))
  if (value === undefined || version !== stored.version) {
    throw await conflict(changer, profile, stored)
  }
  const more = await hindrances(changer, profile, value)
  const changes = profileDiff(undefined, value)
  printResult(changer, { ...report, changed: true, changes, notes: [...notes, ...more] }, (stdout) => {
    printNotes(terminal, more)
    stdout.table(diffRows(changes))
    stdout.line(`Brought back ${profile} (version ${version}).`)
  })
}
