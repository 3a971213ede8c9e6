import { createPublicKey } from 'node:crypto'
import pMap from 'p-map'
import { during, refused } from '../../cli/exit.ts'
import type { Operator } from '../../cli/operator.ts'
import { progress } from '../../cli/terminal.ts'
import { keyFingerprint } from '../../keys/rsa-public-key.ts'
import type { ProfileSettings } from '../../token/profile.ts'
import { unlessDenied } from '../../vault/client/not-found.ts'
import type { SigningKeyType, TransitKey } from '../../vault/keys/transit-keys.ts'
import { usableKey } from '../profile-change/usable-key.ts'

/** What may be asked of the signing key of a new profile. */
export interface WantedKey {
  /** its name; `padlock-<profile>` without it */
  key?: string
  keyType?: SigningKeyType
  keyVersion?: number
}

/** The signing key of a new profile: one that is there, and is adopted, or one that is to be made. */
export interface NewProfileKey {
  name: string
  version: number
  notes: string[]
  /** makes it, or sees that it is there; harmless when it is done twice */
  make: () => Promise<void>
}

/** The version to pin: the one that is asked for, or the newest. */
function pinnedVersion(key: TransitKey, asked: number | undefined): number {
  const version = asked ?? key.latestVersion
  if (!key.versions.has(version) || version < key.minEncryptionVersion) {
    throw refused(`${key.name} has no version ${version} that may sign.`)
  }
  return version
}

/** Profiles that are read at once. */
const readsAtOnce = 8

async function sharers({ profiles }: Operator, profile: string, signingKey: string): Promise<string[]> {
  const names = (await profiles.list()).filter((name) => name !== profile)
  const values = await pMap(names, (name) => unlessDenied(profiles.read(name)), { concurrency: readsAtOnce })
  return names.filter(
    (_, index) => (values[index]?.value as Partial<ProfileSettings>)?.signingKey === signingKey,
  )
}

function keyNotes(key: TransitKey | undefined, name: string, options: WantedKey, others: string[]): string[] {
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

/**
 * Finds the signing key of a new profile.
 *
 * @throws CommandError with exit code 1 for one that must not sign, or is not what was asked for
 */
export async function newProfileKey(
  operator: Operator,
  profile: string,
  wanted: WantedKey,
): Promise<NewProfileKey> {
  const { keys, terminal } = operator
  const name = wanted.key ?? `padlock-${profile}`
  const key = await during('Reading the signing key', keys.read(name))
  if (key !== undefined) {
    usableKey(key, name)
  } else if (wanted.keyVersion !== undefined) {
    throw refused(`The signing key ${name} does not exist yet.`)
  }
  if (key !== undefined && wanted.keyType !== undefined && key.type !== wanted.keyType) {
    throw refused(`The signing key ${name} exists and is ${key.type}: give another name with --key.`)
  }
  const version = key === undefined ? 1 : pinnedVersion(key, wanted.keyVersion)
  const others = await during('Reading the other profiles', sharers(operator, profile, name))
  const make = async () => {
    if (key === undefined) {
      const making = keys.create(name, wanted.keyType ?? 'rsa-2048')
      await progress(terminal, 'Making the signing key', during('Making the signing key', making))
    }
    const made = await during('Reading the signing key', keys.read(name))
    pinnedVersion(usableKey(made, name), version)
  }
  return { name, version, notes: keyNotes(key, name, wanted, others), make }
}

/** Prints the public key that the operator hands to iAdvize. */
export async function printPublicKey({ keys, terminal }: Operator, settings: ProfileSettings): Promise<void> {
  const { signingKey: name, signingKeyVersion: version } = settings
  const key = await during('Reading the signing key', keys.read(name))
  const publicKey = key?.versions.get(version)?.publicKey
  if (publicKey === undefined) {
    return
  }
  const fingerprint = keyFingerprint(createPublicKey(publicKey))
  terminal.stdout.line()
  terminal.stdout.line(
    `The public key to hand to your iAdvize contact (${name}, version ${version}, ${fingerprint}):`,
  )
  terminal.stdout.write(`\n${publicKey.trim()}\n`)
}
