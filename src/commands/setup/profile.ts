import { createPublicKey } from 'node:crypto'
import { refused, usageError } from '../../cli/exit.ts'
import type { OperatorVault } from '../../cli/operator-client.ts'
import type { RecipientKey } from '../../keys/recipient-key.ts'
import { rsaThumbprint } from '../../keys/rsa-public-key.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { readOperatorName } from '../../vault/admin/operator-name.ts'
import type { TransitKey } from '../../vault/keys/transit-keys.ts'
import { settingsFaults } from '../../vault/profiles/profile-settings.ts'
import type { StoredProfile } from '../../vault/profiles/profile-store.ts'
import { usableKey } from '../profile-change/usable-key.ts'
import type { SetupSettings } from './settings.ts'
import { type Step, unchanged } from './step.ts'

const kind = 'profile'

/** What was asked for and is not what the profile has: it is said, and left to the command that changes it. */
function differences(name: string, present: ProfileSettings, settings: SetupSettings): string[] {
  const notes: string[] = []
  const kept = (option: string, value: string | number, command: string) =>
    notes.push(`The profile ${name} keeps ${value}; ${option} is not used. To change it: ${command}.`)
  if (settings.issuer !== undefined && settings.issuer !== present.issuer) {
    kept('--issuer', `the issuer ${present.issuer}`, `padlock profile update ${name}`)
  }
  if (settings.tokenTtlSeconds !== undefined && settings.tokenTtlSeconds !== present.tokenTtlSeconds) {
    kept('--ttl', `${present.tokenTtlSeconds} seconds`, `padlock profile update ${name}`)
  }
  if (settings.signingKey !== undefined && settings.signingKey !== present.signingKey) {
    kept('--key', `the signing key ${present.signingKey}`, `padlock profile update ${name}`)
  }
  const recipient = settings.recipientKey
  if (recipient !== undefined && recipient.thumbprint !== present.activeRecipientKey) {
    kept('--recipient-key', 'its active recipient key', `padlock recipient add ${name}`)
  }
  return notes
}

function refuseOwnKey(recipient: RecipientKey, key: TransitKey | undefined): void {
  for (const { publicKey } of key?.versions.values() ?? []) {
    if (rsaThumbprint(createPublicKey(publicKey)) === recipient.thumbprint) {
      throw refused("--recipient-key is the profile's own signing key: give iAdvize's public key.")
    }
  }
}

/**
 * The step of the first profile.
 *
 * @param signingKey name of the transit key
 * @param key that key, where it is there already
 */
export function planProfile(
  vault: OperatorVault,
  settings: SetupSettings,
  stored: StoredProfile,
  signingKey: string,
  key: TransitKey | undefined,
): Step {
  const { profile: name, issuer, recipientKey: recipient } = settings
  if (stored.value !== undefined) {
    const faults = settingsFaults(stored.value)
    if (faults.length > 0) {
      return unchanged(kind, name, 'exists, and is not valid', [
        `The profile ${name} cannot sign (${faults.join('; ')}). It is left alone: see padlock profile validate ${name}.`,
      ])
    }
    const present = stored.value as ProfileSettings
    if (key === undefined) {
      throw refused(
        `The profile ${name} signs with ${signingKey}, which is not in Vault. A new key of that name would make ` +
          "tokens that iAdvize refuses: bring the key back with Vault's backup, or delete the profile first.",
      )
    }
    const detail = `issuer ${present.issuer}, version ${present.signingKeyVersion} of ${present.signingKey}`
    return unchanged(kind, name, detail, differences(name, present, settings))
  }
  if (issuer === undefined || recipient === undefined) {
    throw usageError(
      `There is no profile ${name} yet. To make it, give --issuer (the \`iss\` agreed with iAdvize) and ` +
        `--recipient-key (iAdvize's public key).`,
    )
  }
  refuseOwnKey(recipient, key)
  return {
    kind,
    name,
    state: 'create',
    detail: `issuer ${issuer}, recipient key ${recipient.fingerprint}`,
    apply: async () => {
      const value = await newProfile(vault, settings, issuer, recipient, signingKey)
      await vault.profiles.write(name, value, stored.version)
    },
  }
}

async function newProfile(
  vault: OperatorVault,
  settings: SetupSettings,
  issuer: string,
  recipient: RecipientKey,
  signingKey: string,
): Promise<ProfileSettings> {
  const operator = await readOperatorName(vault.client)
  const key = usableKey(await vault.keys.read(signingKey), signingKey)
  const now = new Date().toISOString()
  return {
    issuer,
    signingKey,
    signingKeyVersion: key.latestVersion,
    tokenTtlSeconds: settings.tokenTtlSeconds ?? 60,
    recipientKeys: {
      [recipient.thumbprint]: { publicKey: recipient.pem, addedAt: now, addedBy: operator },
    },
    activeRecipientKey: recipient.thumbprint,
    activatedAt: now,
    activatedBy: operator,
    changedBy: operator,
  }
}
