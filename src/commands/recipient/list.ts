import { paint } from '../../cli/layout.ts'
import { printResult } from '../../cli/terminal.ts'
import { profileName } from '../../cli/values/parsers.ts'
import { operatorVerb } from '../../cli/verb.ts'
import { validProfile } from '../profile-change/existing-profile.ts'
import { type ListedKey, listedKeys } from './recipient-keys.ts'

const heads = ['STATE', 'THUMBPRINT', 'FINGERPRINT', 'BITS', 'ADDED', 'BY']

const rowOf = ({ state, thumbprint, fingerprint, bits, addedAt, addedBy }: ListedKey) => [
  paint(state === 'active' ? 'green' : 'dim', state),
  thumbprint,
  fingerprint ?? 'not a usable key',
  bits === null ? '-' : String(bits),
  addedAt ?? '-',
  addedBy ?? '-',
]

/** `padlock recipient list`. */
export const verb = operatorVerb(
  { examples: ['padlock recipient list shop', 'padlock recipient list shop --output json'] },
  (command) => command.argument('<profile>', 'its name', profileName),
  async (operator, profile) => {
    const { value } = await validProfile(operator, profile)
    const recipientKeys = listedKeys(value)
    printResult(operator, { profile, recipientKeys }, (stdout) =>
      stdout.table(recipientKeys.map(rowOf), heads),
    )
  },
)
