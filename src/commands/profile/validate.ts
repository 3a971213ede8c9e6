import { unlessDenied } from '../../vault/if-present.ts'
import { listProfileNames, readStoredProfile } from '../../vault/profile-store.ts'
import { during, refused, usageError } from '../exit.ts'
import { asOperator, type Operator, type OperatorOptions } from '../operator.ts'
import { paint, printable, printJson, printNotes, type Terminal } from '../terminal.ts'
import { readSettingsFile } from './settings-file.ts'
import { existingProfile } from './stored.ts'
import { ownFaults, profileFaults } from './validity.ts'

/** What is said of one profile. */
interface Verdict {
  /** its name; `-` for a file */
  profile: string
  valid: boolean
  faults: string[]
}

const verdict = (profile: string, faults: string[]): Verdict => ({
  profile,
  valid: faults.length === 0,
  faults,
})

function tell(terminal: Terminal, json: boolean, verdicts: Verdict[]): void {
  const valid = verdicts.every((entry) => entry.valid)
  if (json) printJson(terminal, { valid, profiles: verdicts })
  else {
    const { stdout } = terminal
    for (const { profile, faults } of verdicts) {
      if (faults.length === 0) stdout.write(`${profile}: ${paint(stdout, 'green', 'valid')}\n`)
      for (const fault of faults) stdout.write(`${profile}: ${paint(stdout, 'red', printable(fault))}\n`)
    }
  }
  const count = verdicts.filter((entry) => !entry.valid).length
  if (!valid) throw refused(count === 1 ? 'One profile is not valid.' : `${count} profiles are not valid.`)
}

async function validateInVault(operator: Operator, names: readonly string[]): Promise<void> {
  const { client, kvMount, terminal, json } = operator
  if (names.length > 0) {
    const verdicts: Verdict[] = []
    for (const name of names) {
      const { value } = await existingProfile(operator, name)
      verdicts.push(verdict(name, await profileFaults(operator, name, value)))
    }
    return tell(terminal, json, verdicts)
  }
  const verdicts: Verdict[] = []
  for (const name of await during('Reading the profiles', listProfileNames(client, kvMount))) {
    const reading = unlessDenied(readStoredProfile(client, kvMount, name))
    const stored = await during(`Reading the profile ${name}`, reading)
    if (stored === undefined) printNotes(terminal, [`${name} is not yours to read: it is left out.`])
    const value = stored?.value
    if (value !== undefined) verdicts.push(verdict(name, await profileFaults(operator, name, value)))
  }
  tell(terminal, json, verdicts)
}

/** `padlock profile validate`: profiles in Vault, or a file, which is looked at by itself. */
export async function validateProfiles(
  terminal: Terminal,
  names: readonly string[],
  { from, ...options }: OperatorOptions & { from?: string },
): Promise<void> {
  if (from === undefined) return asOperator(terminal, options, (operator) => validateInVault(operator, names))
  if (names.length > 0) throw usageError('Give names of profiles or --from, not both.')
  const { settings } = await readSettingsFile(terminal, from)
  tell(terminal, options.output === 'json', [verdict('-', ownFaults(settings))])
}
