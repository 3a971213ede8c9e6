import { agreed, ask } from '../../cli/confirm.ts'
import { during, refused } from '../../cli/exit.ts'
import { uninterrupted } from '../../cli/signals.ts'
import { printResult } from '../../cli/terminal.ts'
import { profileName } from '../../cli/values/parsers.ts'
import { changeVerb } from '../../cli/verb.ts'
import { ProfileConflictError } from '../../vault/profiles/profile-store.ts'
import { conflict } from '../profile-change/change.ts'
import { existingProfile } from '../profile-change/existing-profile.ts'
import { leftPathNotes } from './signer-policy.ts'

const help = {
  proof: 'confirm',
  text: 'You type its name to confirm. `rollback` brings it back; the signing key stays in Vault.',
  examples: ['padlock profile delete shop', 'padlock profile delete shop --confirm shop --yes'],
}

/** `padlock profile delete`: confirmed by typing the profile's name. */
export const verb = changeVerb(
  help,
  (command) =>
    command
      .argument('<profile>', 'its name', profileName)
      .option('--confirm <name>', "the profile's name once more, for scripts"),
  async (changer, profile, { confirm }) => {
    const { profiles, terminal, dryRun } = changer
    const stored = await existingProfile(changer, profile)
    const { signingKey } = Object(stored.value) as { signingKey?: unknown }
    const notes = [
      `Within the refresh interval of its instances, no visitor of ${profile} gets a token any more (profile_not_found): ` +
        'they have no padlock until it is back.',
      'Tokens already issued stay good until they expire. The signing key stays in Vault.',
      ...(typeof signingKey === 'string' ? await leftPathNotes(changer, signingKey) : []),
      `\`padlock profile rollback ${profile}\` brings the profile back as it is now.`,
    ]
    const check = (typed: string) => {
      if (typed !== profile) {
        throw refused('That is not the name of this profile: nothing was deleted.')
      }
    }
    if (confirm !== undefined) {
      check(confirm)
    }
    const isAgreed = await agreed(changer, {
      show: (output) => output.line(`The profile ${profile} (version ${stored.version}) is to be deleted.`),
      notes,
      question: `Delete ${profile}?`,
      proof:
        confirm === undefined
          ? async () => check(await ask(terminal, "Type the profile's name to delete it:", 'give --confirm'))
          : undefined,
    })
    if (isAgreed) {
      const deleting = () =>
        during(`Deleting the profile ${profile}`, profiles.delete(profile, stored.version))
      await uninterrupted(terminal, deleting).catch(async (error: unknown) => {
        throw error instanceof ProfileConflictError ? await conflict(changer, profile, stored) : error
      })
    }
    const report = { profile, dryRun, changed: isAgreed, version: stored.version, notes }
    printResult(changer, report, (stdout) => isAgreed && stdout.line(`Deleted ${profile}.`))
  },
)
