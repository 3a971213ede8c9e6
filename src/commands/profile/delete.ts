import { deleteProfile } from '../../vault/profile-history.ts'
import { ProfileConflictError } from '../../vault/profile-store.ts'
import { during, refused } from '../exit.ts'
import { uninterrupted } from '../interrupt.ts'
import type { Operator } from '../operator.ts'
import { conflict } from '../profile-change.ts'
import { ask, printJson, printNotes } from '../terminal.ts'
import { existingProfile } from './stored.ts'

/** Options of `padlock profile delete`. */
export interface DeleteOptions {
  dryRun?: boolean
  confirm?: string
}

/** `padlock profile delete`: for whoever types the profile's name. */
export async function removeProfile(
  operator: Operator,
  profile: string,
  { dryRun = false, confirm }: DeleteOptions,
): Promise<void> {
  const { client, kvMount, terminal, json } = operator
  const stored = await existingProfile(operator, profile)
  const notes = [
    `Within the refresh interval of its instances, no visitor of ${profile} gets a token any more (profile_not_found): ` +
      'they have no padlock until it is back.',
    'Tokens already issued stay good until they expire. The signing key stays in Vault.',
    `\`padlock profile rollback ${profile}\` brings the profile back as it is now.`,
  ]
  const report = { profile, dryRun, changed: !dryRun, version: stored.version, notes }
  if (!json || !confirm) {
    const stream = json ? terminal.stderr : terminal.stdout
    stream.write(`The profile ${profile} (version ${stored.version}) is to be deleted.\n`)
    printNotes(terminal, notes)
  }
  if (!dryRun) {
    const typed =
      confirm ?? (await ask(terminal, "Type the profile's name to delete it:", `give --confirm ${profile}`))
    if (typed !== profile) throw refused('That is not the name of this profile: nothing was deleted.')
    await uninterrupted(terminal, () =>
      during(`Deleting the profile ${profile}`, deleteProfile(client, kvMount, profile, stored.version)),
    ).catch(async (error: unknown) => {
      throw error instanceof ProfileConflictError ? await conflict(operator, profile, stored) : error
    })
  }
  if (json) return printJson(terminal, report)
  terminal.stdout.write(dryRun ? 'Dry run: nothing was deleted.\n' : `Deleted ${profile}.\n`)
}
