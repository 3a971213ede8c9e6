import { printable } from '../../printable.ts'
import type { KeyVersionState } from '../../vault/keys/key-versions.ts'

/** What the mail is about. */
export interface KeyMailOptions {
  /** the `iss` claim, by which iAdvize knows the profile */
  issuer: string
  /** SPKI PEM */
  pem: string
  fingerprint: string
  state: KeyVersionState
  /** name of the file that goes with it; without it the key stands in the mail */
  attached?: string | undefined
}

/**
 * The text that goes to the iAdvize contact with a public key. It asks for the one thing that `key activate` needs: the
 * fingerprint, computed by the recipient from what arrived there.
 */
export function keyMail({ pem, fingerprint, state, attached, ...options }: KeyMailOptions): string {
  // A line feed in it would begin another header of the mail.
  const issuer = printable(options.issuer)
  const file = attached?.split('/').at(-1)
  const where = file === undefined ? `below:\n\n${pem}` : `in the attached file ${file}.\n`
  const agree =
    state === 'staged'
      ? `We go on signing with the present key until we have your answer. Please tell us beforehand at what time you will
switch, so that we switch in the same minute: tokens of the one key do not verify with the other.

`
      : ''
  return `Subject: Public key for authenticated messaging (${issuer})

Hello,

this is the public key for our tokens of authenticated messaging, whose "iss" claim is ${issuer}.
It is an RSA key for RS256, in SPKI PEM, ${where}
Its fingerprint is ${fingerprint}

Please install it, and answer with the fingerprint that you compute from the key which you have installed:

  openssl pkey -pubin -in ${file ?? 'key.pem'} -outform DER | openssl dgst -sha256 -binary | openssl base64

${agree}Thank you.
`
}
