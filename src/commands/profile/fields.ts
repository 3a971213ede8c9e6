import type { TSchema } from 'typebox'
import { usageError } from '../../cli/exit.ts'
import { type ProfileSettings, ProfileSettingsSchema } from '../../token/profile.ts'
import { settingsFaults } from '../../vault/profiles/profile-settings.ts'

/** How a field's value is written on the command line. */
export type FieldKind = 'text' | 'whole number' | 'number' | 'time' | 'true or false' | 'list'

/** A field of a profile that `padlock profile` may change. */
export interface Field {
  kind: FieldKind
  /** for the help */
  meaning: string
}

/** The fields that operators set, by the name that they are written with: `sharedUserId.share` stands inside an object. */
export const fields: Readonly<Record<string, Field>> = {
  issuer: { kind: 'text', meaning: '`iss` claim, as agreed with iAdvize' },
  tokenTtlSeconds: { kind: 'time', meaning: 'life of a token: 60, 90s, 5m; 86400 at most' },
  userIdPattern: { kind: 'text', meaning: 'RE2 expression that the whole userId must match' },
  userIdPlaceholders: { kind: 'list', meaning: 'values refused as placeholders, beside the built-in ones' },
  allowedUserIds: { kind: 'list', meaning: 'placeholders that are accepted all the same' },
  'sharedUserId.share': {
    kind: 'number',
    meaning: 'alarm above this part of the recent requests, 0.002 to 1',
  },
  'sharedUserId.minimum': { kind: 'whole number', meaning: 'and from this many in ten minutes' },
  'sharedUserId.refuse': { kind: 'true or false', meaning: 'refuse such an id while the alarm lasts' },
  callers: { kind: 'list', meaning: '`sub` of callers that need no scope for this profile' },
  'jwsHeader.kid': { kind: 'true or false', meaning: "put the key's thumbprint into the token's header" },
  'jwsHeader.typ': { kind: 'text', meaning: "`typ` of the token's header" },
  jti: { kind: 'true or false', meaning: 'give each token a random `jti`' },
}

/** Objects that can be taken away as a whole. */
export const fieldGroups: readonly string[] = ['sharedUserId', 'jwsHeader']

/** What other commands change, with their checks; `profile` never does. */
export const keyFields = [
  'signingKey',
  'signingKeyVersion',
  'previousSigningKeyVersion',
  'activatedAt',
  'activatedBy',
] as const satisfies readonly (keyof ProfileSettings)[]
export const recipientFields = [
  'recipientKeys',
  'activeRecipientKey',
] as const satisfies readonly (keyof ProfileSettings)[]

/** The parts of a profile that `profile` carries over as they are, and who wrote the version. */
export const keptFields: readonly string[] = [...keyFields, ...recipientFields, 'changedBy']

/** The editable part of a profile: every field but those that other commands change. */
export function editablePart(settings: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !keptFields.includes(name)))
}

/** Settings with the keys and the recipient of the one, and all else of the other, in the schema's order. */
export function withEditablePart(kept: object, editable: object): ProfileSettings {
  const all: Record<string, unknown> = {
    ...Object.fromEntries(Object.entries(kept).filter(([name]) => keptFields.includes(name))),
    ...editable,
  }
  const known = Object.keys(ProfileSettingsSchema.properties as Record<string, TSchema>)
  const order = [
    ...known.filter((name) => name in all),
    ...Object.keys(all).filter((name) => !known.includes(name)),
  ]
  return Object.fromEntries(order.map((name) => [name, all[name]])) as ProfileSettings
}

const anyThumbprint = 'x'.repeat(43)

/** Parts that are good, in place of those that only Vault knows. */
const goodParts = {
  ...{ signingKey: 'padlock-x', signingKeyVersion: 1, activatedAt: '', activatedBy: '' },
  ...{ recipientKeys: { [anyThumbprint]: { publicKey: '' } }, activeRecipientKey: anyThumbprint },
}

/**
 * Refuses fields that make no good profile, whatever the rest of it is: before Vault is asked.
 *
 * @param editable the fields that are given; the others are good
 * @throws CommandError with exit code 2
 */
export function refuseInvalid(profile: string, editable: object): void {
  const faults = settingsFaults(withEditablePart(goodParts, editable))
  if (faults.length > 0) {
    throw usageError(`The profile ${profile} would not be valid: ${faults.join('; ')}.`)
  }
}

/** The fields as rows of help. */
export const fieldRows: readonly (readonly string[])[] = Object.entries(fields).map(
  ([name, { kind, meaning }]) => [name, `${meaning}${kind === 'list' ? ' (list: --add, --remove)' : ''}`],
)
