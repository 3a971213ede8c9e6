import type { TransitKey } from '../../vault/transit-keys.ts'
import { refused, usageError } from '../exit.ts'
import { ask, type Terminal } from '../terminal.ts'
import { versionKey } from './context.ts'

/** A fingerprint as people write it: with or without its prefix, and with the padding that OpenSSL adds. */
function normalized(text: string): string {
  return `sha256:${text
    .trim()
    .replace(/^sha256:/i, '')
    .replace(/=+$/, '')}`
}

function asked(terminal: Terminal, version: number): Promise<string> {
  const question = `Fingerprint that iAdvize acknowledged for version ${version} (sha256:…):`
  const otherwise =
    'give --acknowledged, the fingerprint that iAdvize answered; --yes does not stand in for it'
  return ask(terminal, question, otherwise)
}

/**
 * Checks the fingerprint that the vendor acknowledged. The right one is never shown here: whoever could copy it from
 * the question would not need to wait for the vendor.
 *
 * @param given the fingerprint, where it was passed
 * @throws CommandError with exit code 1 when it is not this version's, 2 where nobody can be asked
 */
export async function checkAcknowledged(
  terminal: Terminal,
  key: TransitKey,
  version: number,
  given: string | undefined,
): Promise<void> {
  const fingerprint = normalized(given ?? (await asked(terminal, version)))
  if (!/^sha256:[A-Za-z0-9+/]{43}$/.test(fingerprint)) {
    throw usageError('A fingerprint is "sha256:" and 43 characters of base64; see padlock key export.')
  }
  if (fingerprint === versionKey(key, version).fingerprint) return
  const other = [...key.versions.keys()].find((one) => versionKey(key, one).fingerprint === fingerprint)
  throw refused(
    other === undefined
      ? `That fingerprint is of no version of ${key.name}: iAdvize holds another key. Nothing was changed.`
      : `That is the fingerprint of version ${other}, not of version ${version}. Nothing was changed.`,
  )
}
