import { refused } from '../../cli/exit.ts'
import type { TransitKey } from '../../vault/keys/transit-keys.ts'
import { versionKey } from './subject.ts'

/**
 * Checks the fingerprint that the vendor acknowledged. The right one is never shown: an operator who could copy it from the
 * question would not need to wait for the vendor.
 *
 * @throws CommandError with exit code 1 when it is not this version's
 */
export function checkAcknowledged(key: TransitKey, version: number, fingerprint: string): void {
  if (fingerprint === versionKey(key, version).fingerprint) {
    return
  }
  const other = [...key.versions.keys()].find((one) => versionKey(key, one).fingerprint === fingerprint)
  throw refused(
    other === undefined
      ? `That fingerprint is of no version of ${key.name}: iAdvize holds another key. Nothing was changed.`
      : `That is the fingerprint of version ${other}, not of version ${version}. Nothing was changed.`,
  )
}
