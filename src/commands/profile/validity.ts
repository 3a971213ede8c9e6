import { during } from '../../cli/exit.ts'
import type { Operator } from '../../cli/operator.ts'
import { PadlockError } from '../../errors.ts'
import { parseRecipientKey, RecipientKeyError } from '../../keys/recipient-key.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { checkSigningKey } from '../../vault/keys/signing-key.ts'
import type { TransitKey } from '../../vault/keys/transit-keys.ts'
import { prepareProfile } from '../../vault/profiles/loaded-profile.ts'
import { settingsFaults } from '../../vault/profiles/profile-settings.ts'

/** What is wrong with each recipient key, the active one and those in reserve. */
function recipientFaults({ recipientKeys }: ProfileSettings): string[] {
  return Object.entries(recipientKeys).flatMap(([thumbprint, { publicKey }]) => {
    const path = `/recipientKeys/${thumbprint}`
    try {
      const key = parseRecipientKey(publicKey)
      return key.thumbprint === thumbprint
        ? []
        : [`${path} has another thumbprint than the one it is filed under`]
    } catch (error) {
      if (!(error instanceof RecipientKeyError)) {
        throw error
      }
      return [`${path}: ${error.message}`]
    }
  })
}

/** All that is wrong with a profile's settings by themselves, one sentence each. */
export function ownFaults(settings: unknown): string[] {
  const faults = settingsFaults(settings)
  // Without a sound form there are no keys to look at.
  const hasForm = !faults.some(
    (fault) => !/^\/(activeRecipientKey is|userIdPattern (does not compile|compiles))/.test(fault),
  )
  return hasForm ? [...faults, ...recipientFaults(settings as ProfileSettings)] : faults
}

/** What keeps the pinned version of the signing key from signing. */
export function pinnedKeyFaults(key: TransitKey | undefined, settings: ProfileSettings): string[] {
  const { signingKey: name, signingKeyVersion: version } = settings
  try {
    checkSigningKey(key, name)
  } catch (error) {
    if (!(error instanceof PadlockError)) {
      throw error
    }
    return [`/signingKey: ${error.message}`]
  }
  if (!key.versions.has(version)) {
    return [`/signingKeyVersion: ${name} has no version ${version} that can be used`]
  }
  return version < key.minEncryptionVersion
    ? [`/signingKeyVersion: version ${version} is retired: it is under the min_encryption_version of ${name}`]
    : []
}

/** Reads the signing key that settings name. */
export const readSigningKey = ({ keys }: Operator, { signingKey }: ProfileSettings) =>
  during(`Reading the signing key ${signingKey}`, keys.read(signingKey))

// It tells only how long a former key is still published.
const anyRefreshSeconds = 15

/**
 * All that keeps the service from signing with a profile that stands in Vault, and what is wrong beside it. Last, the
 * service's own reading of it has its say.
 *
 * @throws CommandError for a Vault that does not answer
 */
export async function profileFaults(operator: Operator, name: string, value: unknown): Promise<string[]> {
  const faults = ownFaults(value)
  if (settingsFaults(value).length > 0) {
    return faults
  }
  const settings = value as ProfileSettings
  const key = await readSigningKey(operator, settings)
  faults.push(...pinnedKeyFaults(key, settings))
  if (faults.length > 0) {
    return faults
  }
  try {
    await prepareProfile(name, settings, key, anyRefreshSeconds, undefined, Date.now())
    return []
  } catch (error) {
    if (!(error instanceof PadlockError)) {
      throw error
    }
    return [error.message]
  }
}
