import { refused } from '../../cli/exit.ts'
import { durationText } from '../../cli/values/duration.ts'
import type { SigningKeyType, TransitKey, TransitKeys } from '../../vault/keys/transit-keys.ts'
import { usableKey } from '../profile-change/usable-key.ts'
import type { SetupSettings } from './settings.ts'
import { type Step, unchanged } from './step.ts'

const kind = 'signing key'

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

function planNewKey(keys: TransitKeys, name: string, type: SigningKeyType = 'rsa-2048'): Step {
  return {
    kind,
    name,
    state: 'create',
    detail: `${type}; not exportable, no plaintext backup, not deletable`,
    apply: async () => {
      await keys.create(name, type)
      // Someone else may have made a key of that name in the meantime.
      usableKey(await keys.read(name), name)
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
  keys: TransitKeys,
  { keyType: type }: SetupSettings,
  name: string,
  key: TransitKey | undefined,
): Step {
  if (key === undefined) {
    return planNewKey(keys, name, type)
  }
  usableKey(key, name)
  if (type !== undefined && key.type !== type) {
    throw refused(
      `The transit key ${name} exists and is ${key.type}, not ${type}: give another name with --key.`,
    )
  }
  const versions = `${key.type}, ${key.latestVersion} version${key.latestVersion === 1 ? '' : 's'}`
  if (!key.deletionAllowed) {
    return unchanged(kind, name, versions, notesOn(key))
  }
  return {
    ...{ kind, name, state: 'update', detail: `${versions}; its deletion is no longer allowed` },
    notes: notesOn(key),
    apply: () => keys.forbidDeletion(name),
  }
}
