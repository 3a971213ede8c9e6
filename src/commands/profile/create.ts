import { createPublicKey } from 'node:crypto'
import type { ProfileSettings } from '../../token/profile.ts'
import { keyFingerprint } from '../../token/rsa-public-key.ts'
import { unlessDenied } from '../../vault/if-present.ts'
import { readOperatorName } from '../../vault/operator-name.ts'
import { settingsFaults } from '../../vault/profile-settings.ts'
import { listProfileNames, readStoredProfile } from '../../vault/profile-store.ts'
import { createTransitKey } from '../../vault/transit-key-changes.ts'
import { readTransitKey, type SigningKeyType, type TransitKey } from '../../vault/transit-keys.ts'
import { during, refused, usageError } from '../exit.ts'
import type { ChangeOptions, Operator } from '../operator.ts'
import { changeProfile, printChange } from '../profile-change.ts'
import { readRecipientKey, refuseOwnKey } from '../recipient/add.ts'
import { usableKey } from '../setup/signing-key.ts'
import { progress } from '../terminal.ts'
import { applyEdits, type Edit } from './edits.ts'
import { effectsOf } from './effects.ts'
import { editablePart, withEditablePart } from './fields.ts'
import { readSettingsFile } from './settings-file.ts'

/** Options of `padlock profile create`. */
export interface CreateOptions extends ChangeOptions {
  issuer?: string
  recipientKey: string
  key?: string
  keyType?: SigningKeyType
  keyVersion?: number
  ttl?: number
  from?: string
  edit?: Edit[]
}

/** The version to pin: the one that is asked for, or the newest. */
function pinnedVersion(key: TransitKey, asked: number | undefined): number {
  const version = asked ?? key.latestVersion
  if (!key.versions.has(version) || version < key.minEncryptionVersion) {
    throw refused(`${key.name} has no version ${version} that may sign.`)
  }
  return version
}

async function sharers(
  { client, kvMount }: Operator,
  profile: string,
  signingKey: string,
): Promise<string[]> {
  const names = (await listProfileNames(client, kvMount)).filter((name) => name !== profile)
  const values = await Promise.all(
    names.map((name) => unlessDenied(readStoredProfile(client, kvMount, name))),
  )
  return names.filter(
    (_, index) => (values[index]?.value as Partial<ProfileSettings>)?.signingKey === signingKey,
  )
}

function keyNotes(
  key: TransitKey | undefined,
  name: string,
  options: CreateOptions,
  others: string[],
): string[] {
  const notes: string[] = []
  if (key === undefined) {
    notes.push(
      `The signing key ${name} is made in Vault (${options.keyType ?? 'rsa-2048'}); it can never be exported.`,
    )
  } else {
    notes.push(
      `The signing key ${name} exists; version ${pinnedVersion(key, options.keyVersion)} of ${key.latestVersion} is pinned.`,
    )
  }
  if (others.length > 0) {
    notes.push(
      `${name} signs for ${others.join(', ')} too: iAdvize cannot tell the tokens of one from the other's but by issuer.`,
    )
  }
  return notes
}

/** `padlock profile create`: makes or adopts the signing key, then the profile. Running it again finishes. */
export async function createProfile(
  operator: Operator,
  profile: string,
  options: CreateOptions,
): Promise<void> {
  const { client, kvMount, transitMount, terminal } = operator
  const recipient = await readRecipientKey(operator, options.recipientKey, '--recipient-key')
  const file = options.from === undefined ? undefined : await readSettingsFile(terminal, options.from)
  const stored = await during(`Reading the profile ${profile}`, readStoredProfile(client, kvMount, profile))
  if (stored.value !== undefined) {
    throw refused(`The profile ${profile} exists: \`padlock profile update ${profile}\` changes it.`)
  }
  const signingKey = options.key ?? `padlock-${profile}`
  const key = await during('Reading the signing key', readTransitKey(client, transitMount, signingKey))
  if (key !== undefined) usableKey(key, signingKey)
  else if (options.keyVersion !== undefined)
    throw refused(`The signing key ${signingKey} does not exist yet.`)
  if (key !== undefined && options.keyType !== undefined && key.type !== options.keyType) {
    throw refused(`The signing key ${signingKey} exists and is ${key.type}: give another name with --key.`)
  }
  await refuseOwnKey(operator, signingKey, recipient)
  const who = await during('Reading your name', readOperatorName(client))
  const now = new Date().toISOString()
  const editable = applyEdits(
    {
      tokenTtlSeconds: 60,
      ...editablePart(file?.settings ?? {}),
      ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
      ...(options.ttl === undefined ? {} : { tokenTtlSeconds: options.ttl }),
    },
    options.edit ?? [],
  )
  if (editable.issuer === undefined) throw usageError('Give --issuer, the `iss` claim agreed with iAdvize.')
  const kept = {
    signingKey,
    signingKeyVersion: key === undefined ? 1 : pinnedVersion(key, options.keyVersion),
    recipientKeys: { [recipient.thumbprint]: { publicKey: recipient.pem, addedAt: now, addedBy: who } },
    activeRecipientKey: recipient.thumbprint,
    activatedAt: now,
    activatedBy: who,
  }
  const settings = withEditablePart(kept, editable)
  const faults = settingsFaults(settings)
  if (faults.length > 0) throw usageError(`The profile ${profile} would not be valid: ${faults.join('; ')}.`)
  const others = await during('Reading the other profiles', sharers(operator, profile, signingKey))
  const nothing = withEditablePart(kept, { issuer: editable.issuer, tokenTtlSeconds: 60 })
  const notes = [...keyNotes(key, signingKey, options, others), ...effectsOf(nothing, settings)]
  if (stored.version > 0) {
    notes.push(
      `A profile of this name was deleted: \`padlock profile rollback ${profile}\` brings that one back.`,
    )
  }
  const prepare = async () => {
    if (key === undefined) {
      const making = createTransitKey(client, transitMount, signingKey, options.keyType ?? 'rsa-2048')
      await progress(terminal, 'Making the signing key', during('Making the signing key', making))
    }
    const made = await during('Reading the signing key', readTransitKey(client, transitMount, signingKey))
    pinnedVersion(usableKey(made, signingKey), settings.signingKeyVersion)
  }
  const report = await changeProfile(operator, { profile, stored, settings, notes, prepare }, options)
  printChange(operator, report, `Made ${profile}`)
  if (report.changed && !operator.json) await printPublicKey(operator, settings)
}

async function printPublicKey(
  { client, transitMount, terminal }: Operator,
  settings: ProfileSettings,
): Promise<void> {
  const { signingKey: name, signingKeyVersion: version } = settings
  const key = await during('Reading the signing key', readTransitKey(client, transitMount, name))
  const publicKey = key?.versions.get(version)?.publicKey
  if (publicKey === undefined) return
  terminal.stdout.write(
    `\nThe public key to hand to your iAdvize contact (${name}, version ${version}, ` +
      `${keyFingerprint(createPublicKey(publicKey))}):\n\n${publicKey.trim()}\n`,
  )
}
