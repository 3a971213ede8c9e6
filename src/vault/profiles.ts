import { createPublicKey } from 'node:crypto'
import { Ajv } from 'ajv'
import { exportJWK, importSPKI, type JWK } from 'jose'
import { PadlockError } from '../errors.ts'
import {
  type Profile,
  ProfileNameSchema,
  type ProfileSettings,
  ProfileSettingsSchema,
} from '../token/profile.ts'
import { rsaThumbprint } from '../token/rsa-public-key.ts'
import { userIdRules } from '../token/user-id.ts'
import { type VaultCallOptions, type VaultClient, VaultError } from './client.ts'
import { profileDataPath, profilesFolder } from './profile-paths.ts'
import { parseRecipientKey } from './recipient-key.ts'
import { checkSigningKey, readTransitKey, type TransitKey } from './transit-keys.ts'

/** A public key that a verifier needs, now or next. */
export interface PublishedKey {
  version: number
  use: 'active' | 'previous' | 'staged'
  /** with `kid` = RFC 7638 thumbprint, `alg` and `use` */
  jwk: JWK
  /** SPKI PEM */
  pem: string
}

/** A profile that can sign, and the public keys that go with it. */
export interface LoadedProfile {
  profile: Profile
  publishedKeys: PublishedKey[]
}

/** Where profiles and keys are in Vault. */
export interface ProfileMounts {
  kv: string
  transit: string
}

const ajv = new Ajv({ allErrors: true, strict: false })
const isSettings = ajv.compile<ProfileSettings>(ProfileSettingsSchema)
const isName = ajv.compile<string>(ProfileNameSchema)

/** A profile that cannot be used, with what the operator should know. */
function unusable(
  detail: string,
  code: 'signing_key_missing' | 'key_version_disabled' = 'signing_key_missing',
) {
  return new PadlockError(code, { detail })
}

/** True for a name that a profile can have. */
export function isProfileName(name: string): boolean {
  return isName(name)
}

/** The names of all profiles in Vault (KV v2, LIST `metadata`). */
export async function listProfiles(
  client: VaultClient,
  kv: string,
  options: VaultCallOptions,
): Promise<string[]> {
  try {
    const answer = await client.list(profilesFolder(kv), options)
    const keys = (answer as { data?: { keys?: unknown } } | undefined)?.data?.keys
    return Array.isArray(keys)
      ? keys.filter((key): key is string => typeof key === 'string' && isName(key))
      : []
  } catch (error) {
    // KV answers 404 for a folder with nothing in it.
    if (error instanceof VaultError && error.vaultStatus === 404) return []
    throw error
  }
}

/**
 * Checks a profile's settings as they stand in KV.
 *
 * @throws PadlockError `signing_key_missing` with the names of the fields that are wrong, never their values
 */
export function checkSettings(data: unknown): ProfileSettings {
  if (isSettings(data)) return data
  const faults = (isSettings.errors ?? []).map((fault) => {
    const name =
      fault.instancePath.slice(1) || (fault.params.missingProperty ?? fault.params.additionalProperty)
    return fault.keyword === 'required' ? `${name} is missing` : `${name}: ${fault.message}`
  })
  throw unusable(`The profile is not valid: ${faults.join('; ')}.`)
}

async function activeRecipientKey(settings: ProfileSettings) {
  const entry = settings.recipientKeys[settings.activeRecipientKey]
  if (entry === undefined) throw unusable('activeRecipientKey is not one of recipientKeys.')
  const { pem, thumbprint } = parseRecipientKey(entry.publicKey)
  if (thumbprint !== settings.activeRecipientKey) {
    throw unusable('The active recipient key does not have the thumbprint that it is filed under.')
  }
  return importSPKI(pem, 'RSA-OAEP-256')
}

async function publishedKey(pem: string, version: number, use: PublishedKey['use']): Promise<PublishedKey> {
  const key = createPublicKey(pem)
  const jwk = { ...(await exportJWK(key)), kid: rsaThumbprint(key), alg: 'RS256', use: 'sig' }
  return { version, use, pem, jwk }
}

/** The versions that a verifier needs: the pinned one, those staged after it, the previous while its tokens live. */
function versionsInUse(
  settings: ProfileSettings,
  key: TransitKey,
  now: number,
): [number, PublishedKey['use']][] {
  const uses: [number, PublishedKey['use']][] = [[settings.signingKeyVersion, 'active']]
  const previous = settings.previousSigningKeyVersion
  const lastTokenDies = Date.parse(settings.activatedAt) + settings.tokenTtlSeconds * 1000
  if (previous !== undefined && previous !== settings.signingKeyVersion && !(now > lastTokenDies)) {
    uses.push([previous, 'previous'])
  }
  for (const version of key.versions.keys()) {
    if (version > settings.signingKeyVersion && version !== previous) uses.push([version, 'staged'])
  }
  return uses.filter(([version]) => key.versions.has(version))
}

function checkPinnedVersion(settings: ProfileSettings, key: TransitKey): void {
  if (!key.versions.has(settings.signingKeyVersion)) {
    throw unusable('The pinned version of the signing key does not exist.')
  }
  if (settings.signingKeyVersion < key.minEncryptionVersion) {
    throw unusable(
      'The pinned version is under the min_encryption_version of its key.',
      'key_version_disabled',
    )
  }
}

/**
 * Reads a profile and its keys from Vault and makes it ready to sign.
 *
 * @param now milliseconds since the epoch
 * @throws VaultError, or PadlockError `profile_not_found`, `signing_key_missing` or `key_version_disabled`
 */
export async function loadProfile(
  client: VaultClient,
  mounts: ProfileMounts,
  name: string,
  now: number,
  options: VaultCallOptions,
): Promise<LoadedProfile> {
  const answer = await client.read(profileDataPath(mounts.kv, name), options).catch((error) => {
    if (error instanceof VaultError && error.vaultStatus === 404) throw new PadlockError('profile_not_found')
    throw error
  })
  const settings = checkSettings((answer as { data?: { data?: unknown } } | undefined)?.data?.data)
  const key = await readTransitKey(client, mounts.transit, settings.signingKey, options)
  checkSigningKey(key, settings.signingKey)
  checkPinnedVersion(settings, key)
  const publishedKeys = await Promise.all(
    versionsInUse(settings, key, now).map(([version, use]) =>
      publishedKey(key.versions.get(version)?.publicKey as string, version, use),
    ),
  )
  const active = publishedKeys[0] as PublishedKey
  const pinnedKey = {
    name: settings.signingKey,
    version: active.version,
    publicKey: createPublicKey(active.pem),
    thumbprint: active.jwk.kid as string,
  }
  const recipientKey = await activeRecipientKey(settings)
  return {
    profile: { ...settings, name, pinnedKey, recipientKey, userIdRules: rulesOf(settings) },
    publishedKeys,
  }
}

function rulesOf(settings: ProfileSettings) {
  try {
    return userIdRules(settings)
  } catch (error) {
    throw unusable(`The profile is not valid: ${(error as Error).message}.`)
  }
}
