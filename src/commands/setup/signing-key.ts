import { PadlockError } from '../../errors.ts'
import type { VaultClient } from '../../vault/client.ts'
import { createTransitKey, forbidDeletion } from '../../vault/transit-key-changes.ts'
import {
  checkSigningKey,
  readTransitKey,
  type SigningKeyType,
  type TransitKey,
} from '../../vault/transit-keys.ts'
import { durationText } from '../duration.ts'
import { refused } from '../exit.ts'
import type { SetupSettings } from './settings.ts'
import { type Step, unchanged } from './step.ts'

const kind = 'signing key'

/**
 * Refuses a key that must not sign.
 *
 * @throws CommandError with exit code 1 and the reason
 */
export function usableKey(key: TransitKey | undefined, name: string): TransitKey {
  try {
    checkSigningKey(key, name)
    return key
  } catch (error) {
    if (!(error instanceof PadlockError)) throw error
    throw refused(`${error.message} Give another name with --key.`)
  }
}

function notesOn(key: TransitKey): string[] {
  const notes: string[] = []
  if (key.autoRotateSeconds > 0) {
    notes.push(
      `Vault rotates ${key.name} by itself every ${durationText(key.autoRotateSeconds)}. The profile signs with a ` +
        'pinned version, so nothing breaks; but the new versions are keys that iAdvize does not have.',
    )
  }
  if (key.imported) {
    notes.push(`${key.name} was imported: its private key has been outside Vault at least once.`)
  }
  return notes
}

function planNewKey(
  client: VaultClient,
  mount: string,
  name: string,
  type: SigningKeyType = 'rsa-2048',
): Step {
  return {
    kind,
    name,
    state: 'create',
    detail: `${type}; not exportable, no plaintext backup, not deletable`,
    apply: async () => {
      await createTransitKey(client, mount, name, type)
      // Someone else may have made a key of that name in the meantime.
      usableKey(await readTransitKey(client, mount, name), name)
    },
  }
}

/**
 * The step of the profile's signing key.
 *
 * @param key the key of that name, where there is one
 * @throws CommandError with exit code 1 for a key that must not sign, or is of another type than was asked for
 */
export function planSigningKey(
  client: VaultClient,
  { transitMount: mount, keyType: type }: SetupSettings,
  name: string,
  key: TransitKey | undefined,
): Step {
  if (key === undefined) return planNewKey(client, mount, name, type)
  usableKey(key, name)
  if (type !== undefined && key.type !== type) {
    throw refused(
      `The transit key ${name} exists and is ${key.type}, not ${type}: give another name with --key.`,
    )
  }
  const versions = `${key.type}, ${key.latestVersion} version${key.latestVersion === 1 ? '' : 's'}`
  if (!key.deletionAllowed) return unchanged(kind, name, versions, notesOn(key))
  return {
    ...{ kind, name, state: 'update', detail: `${versions}; its deletion is no longer allowed` },
    notes: notesOn(key),
    apply: () => forbidDeletion(client, mount, name),
  }
}
