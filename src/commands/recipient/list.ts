import type { ProfileSettings } from '../../token/profile.ts'
import { parseRecipientKey, RecipientKeyError } from '../../vault/recipient-key.ts'
import type { Operator } from '../operator.ts'
import { validProfile } from '../profile/stored.ts'
import { paint, printable, printJson, table } from '../terminal.ts'

/** A recipient key of a profile, as it is listed. */
export interface ListedKey {
  thumbprint: string
  state: 'active' | 'inactive'
  /** null for a key that cannot be used, which only a hand in Vault can have put there */
  fingerprint: string | null
  /** length of the RSA modulus */
  bits: number | null
  addedAt: string | null
  addedBy: string | null
}

/** The recipient keys of a profile, the active one first. */
export function listedKeys({ recipientKeys, activeRecipientKey }: ProfileSettings): ListedKey[] {
  return Object.entries(recipientKeys)
    .map(([thumbprint, { publicKey, addedAt = null, addedBy = null }]): ListedKey => {
      const state = thumbprint === activeRecipientKey ? 'active' : 'inactive'
      try {
        const { fingerprint, bits, ...key } = parseRecipientKey(publicKey)
        const isIt = key.thumbprint === thumbprint
        return {
          thumbprint,
          state,
          fingerprint: isIt ? fingerprint : null,
          bits: isIt ? bits : null,
          addedAt,
          addedBy,
        }
      } catch (error) {
        if (!(error instanceof RecipientKeyError)) throw error
        return { thumbprint, state, fingerprint: null, bits: null, addedAt, addedBy }
      }
    })
    .sort((one, other) => one.state.localeCompare(other.state))
}

/** `padlock recipient list`. */
export async function listRecipients(operator: Operator, profile: string): Promise<void> {
  const { value } = await validProfile(operator, profile)
  const keys = listedKeys(value)
  const { stdout } = operator.terminal
  if (operator.json) return printJson(operator.terminal, { profile, recipientKeys: keys })
  const head = ['STATE', 'THUMBPRINT', 'FINGERPRINT', 'BITS', 'ADDED', 'BY']
  const rows = keys.map(({ state, thumbprint, fingerprint, bits, addedAt, addedBy }) => [
    paint(stdout, state === 'active' ? 'green' : 'dim', state),
    thumbprint,
    fingerprint ?? 'not a usable key',
    bits === null ? '-' : String(bits),
    printable(addedAt ?? '-'),
    printable(addedBy ?? '-'),
  ])
  stdout.write(table([head, ...rows]))
}
