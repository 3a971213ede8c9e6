import { Ajv, type ValidateFunction } from 'ajv'
import { PadlockError } from '../../errors.ts'
import { profileNamePattern } from '../../token/names.ts'
import { type ProfileSettings, ProfileSettingsSchema } from '../../token/profile.ts'
import { UserIdPatternError, userIdRules } from '../../token/user-id.ts'

let compiled: ValidateFunction<ProfileSettings> | undefined

/** Compiled when it is first asked for: a command's help can do without. */
function settingsCheck(): ValidateFunction<ProfileSettings> {
  // The schema is of this program, and to check it takes as long as to compile it.
  const ajv = () => new Ajv({ allErrors: true, strict: false, validateSchema: false })
  compiled ??= ajv().compile<ProfileSettings>(ProfileSettingsSchema)
  return compiled
}

const profileName = new RegExp(profileNamePattern)

/** True for a name that a profile can have. */
export function isProfileName(name: string): boolean {
  return profileName.test(name)
}

/** What is wrong with a profile's settings, one sentence each; no value is repeated. Empty for good ones. */
export function settingsFaults(value: unknown): string[] {
  const isSettings = settingsCheck()
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
    if (!(error instanceof UserIdPatternError)) {
      throw error
    }
    faults.push(error.message.replace(/^userIdPattern/, '/userIdPattern'))
  }
  return faults
}

/**
 * A profile's settings as they stand in KV, once they are found good.
 *
 * @throws PadlockError `profile_unusable` with the names of the fields that are wrong, never their values
 */
export function checkedSettings(data: unknown): ProfileSettings {
  const faults = settingsFaults(data)
  if (faults.length === 0) {
    return data as ProfileSettings
  }
  const detail = `The profile is not valid: ${faults.join('; ')}.`
  throw new PadlockError('profile_unusable', { detail })
}

/** Who wrote this version of a profile; undefined where it was not written by `padlock`. */
export function changeAuthor(settings: unknown): string | undefined {
  const { changedBy } = (settings ?? {}) as { changedBy?: unknown }
  return typeof changedBy === 'string' ? changedBy : undefined
}
