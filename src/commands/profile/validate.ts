import { during, refused, usageError } from '../../cli/exit.ts'
import { paint } from '../../cli/layout.ts'
import { asOperator, type Operator } from '../../cli/operator.ts'
import { kvMountOption, policyPrefixOption, transitMountOption } from '../../cli/options.ts'
import { type Asked, printNotes, printResult } from '../../cli/terminal.ts'
import { profileName } from '../../cli/values/parsers.ts'
import { verb as made, operatorText } from '../../cli/verb.ts'
import { unlessDenied } from '../../vault/client/not-found.ts'
import { existingProfile } from '../profile-change/existing-profile.ts'
import { readSettingsFile } from './settings-file.ts'
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

function tell(asked: Asked, verdicts: Verdict[]): void {
  const valid = verdicts.every((entry) => entry.valid)
  printResult(asked, { valid, profiles: verdicts }, (stdout) => {
    for (const { profile, faults } of verdicts) {
      if (faults.length === 0) {
        stdout.line(`${profile}: ${paint('green', 'valid')}`)
      }
      for (const fault of faults) {
        stdout.line(`${profile}: ${paint('red', fault)}`)
      }
    }
  })
  const count = verdicts.filter((entry) => !entry.valid).length
  if (!valid) {
    throw refused(count === 1 ? 'One profile is not valid.' : `${count} profiles are not valid.`)
  }
}

async function validateInVault(operator: Operator, names: readonly string[]): Promise<void> {
  const { profiles, terminal } = operator
  if (names.length > 0) {
    const verdicts: Verdict[] = []
    for (const name of names) {
      const { value } = await existingProfile(operator, name)
      verdicts.push(verdict(name, await profileFaults(operator, name, value)))
    }
    return tell(operator, verdicts)
  }
  const verdicts: Verdict[] = []
  for (const name of await during('Reading the profiles', profiles.list())) {
    const reading = unlessDenied(profiles.read(name))
    const stored = await during(`Reading the profile ${name}`, reading)
    if (stored === undefined) {
      printNotes(terminal, [`${name} is not yours to read: it is left out.`])
    }
    const value = stored?.value
    if (value !== undefined) {
      verdicts.push(verdict(name, await profileFaults(operator, name, value)))
    }
  }
  tell(operator, verdicts)
}

const help = {
  text: `Without a name, all of them. A file is checked by itself, without Vault: that its signing key exists is not seen.

${operatorText}`,
  examples: [
    'padlock profile validate',
    'padlock profile validate shop',
    'padlock profile validate --from shop.json',
  ],
}

const collected = (name: string, names: string[] = []) => [...names, profileName(name)]

/** `padlock profile validate`: profiles in Vault, or a file, which is looked at by itself. */
export const verb = made(
  help,
  (command) =>
    command
      .argument('[profiles...]', 'their names', collected, [])
      .option('--from <file>', 'check a file in place of profiles in Vault; - is standard input')
      .addOption(kvMountOption())
      .addOption(transitMountOption())
      .addOption(policyPrefixOption()),
  async ({ terminal, json }, names, { from, ...where }) => {
    if (from === undefined) {
      const output = json ? 'json' : 'table'
      return asOperator(terminal, { ...where, output }, (operator) => validateInVault(operator, names))
    }
    if (names.length > 0) {
      throw usageError('Give names of profiles or --from, not both.')
    }
    const { settings } = await readSettingsFile(terminal, from)
    tell({ terminal, json }, [verdict('-', ownFaults(settings))])
  },
)
