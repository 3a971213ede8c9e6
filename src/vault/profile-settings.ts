import { Ajv } from 'ajv'
import { PadlockError } from '../errors.ts'
import { ProfileNameSchema, type ProfileSettings, ProfileSettingsSchema } from '../token/profile.ts'
import { UserIdPatternError, userIdRules } from '../token/user-id.ts'

const ajv = new Ajv({ allErrors: true, strict: false })
const isSettings = ajv.compile<ProfileSettings>(ProfileSettingsSchema)
const isName = ajv.compile<string>(ProfileNameSchema)

/** True for a name that a profile can have. */
export function isProfileName(name: string): boolean {
  return isName(name)
}

/** What is wrong with a profile's settings, one sentence each; no value is repeated. Empty for good ones. */
export function settingsFaults(value: unknown): string[] {
  if (!isSettings(value)) {
    return (isSettings.errors ?? []).map(({ instancePath, message, params }) => {
      const extra = params.additionalProperty === undefined ? '' : ` (${params.additionalProperty})`
      return `${instancePath || 'the profile'} ${message}${extra}`
    })
  }
  const faults = Object.hasOwn(value.recipientKeys, value.activeRecipientKey)
    ? []
    : ['/activeRecipientKey is not one of recipientKeys']
  try {
    userIdRules(value)
  } catch (error) {
    if (!(error instanceof UserIdPatternError)) throw error
    faults.push(error.message.replace(/^userIdPattern/, '/userIdPattern'))
  }
  return faults
}

/**
 * A profile's settings as they stand in KV, once they are found good.
 *
 * @throws PadlockError `signing_key_missing` with the names of the fields that are wrong, never their values
 */
export function checkedSettings(data: unknown): ProfileSettings {
  const faults = settingsFaults(data)
  if (faults.length === 0) return data as ProfileSettings
  const detail = `The profile is not valid: ${faults.join('; ')}.`
  throw new PadlockError('signing_key_missing', { detail })
}
