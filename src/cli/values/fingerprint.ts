import { InvalidArgumentError } from '@commander-js/extra-typings'
import { ask } from '../confirm.ts'
import { usageError } from '../exit.ts'
import type { Terminal } from '../terminal.ts'

const rule = 'A fingerprint is "sha256:" and 43 characters of base64.'

/** How the holder of a public key makes its fingerprint. */
export const fingerprintHelp = `A fingerprint is "sha256:" and the base64 of the SHA-256 of the key's DER; its holder makes it with
  openssl pkey -pubin -in key.pem -outform DER |
    openssl dgst -sha256 -binary | openssl base64
The prefix, and the "=" at its end, may stay or go.`

/**
 * A fingerprint as people write it, in the form of ours: `sha256:` and the unpadded standard base64 of the SHA-256 of
 * the DER SPKI. The prefix may be left out, and the padding that OpenSSL adds may stand.
 *
 * @returns undefined for what is none
 */
export function parseFingerprint(text: string): string | undefined {
  const [, digest] = /^(?:sha256:)?([A-Za-z0-9+/]{43})=?$/i.exec(text.trim()) ?? []
  return digest === undefined ? undefined : `sha256:${digest}`
}

/** A parser of an option's value, for commander. */
export function fingerprint(value: string): string {
  const parsed = parseFingerprint(value)
  if (parsed === undefined) {
    throw new InvalidArgumentError(rule)
  }
  return parsed
}

/**
 * Asks for a fingerprint.
 *
 * @throws CommandError with exit code 2 for what is none, 1 when Ctrl-C or Ctrl-D is the answer
 */
export async function askFingerprint(terminal: Terminal, question: string): Promise<string> {
  const parsed = parseFingerprint(await ask(terminal, question, 'give it as an option'))
  if (parsed === undefined) {
    throw usageError(rule)
  }
  return parsed
}
