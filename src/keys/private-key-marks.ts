import { createPrivateKey } from 'node:crypto'

// PEM of every kind, OpenSSH, PGP and PuTTY; inside JSON too, as clouds hand keys out.
const words = /-----BEGIN [A-Z0-9 ]*PRIVATE[ -]|PRIVATE KEY-----|Private-(?:Lines|MAC|Hash)/

/** True when a text says of itself that a private key is in it. */
export const saysPrivate = (text: string): boolean => words.test(text)

/** JWK members that only private and symmetric keys have (RFC 7518 §6.2.2, §6.3.2, §6.4). */
export const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const

/** Java's key stores: JKS and JCEKS. */
const storeMagic = [0xfeedfeed, 0xcececece]

/** The bytes behind the header of a DER SEQUENCE (X.690 §8.9); undefined for anything else. */
function sequence(der: Uint8Array): Buffer | undefined {
  const bytes = Buffer.from(der)
  if (bytes[0] !== 0x30 || bytes.length < 2) {
    return undefined
  }
  const length = bytes[1] as number
  return bytes.subarray(length < 0x80 ? 2 : 2 + (length & 0x7f))
}

// PKCS #5 and PKCS #12 password-based encryption (RFC 8018 §A, RFC 7292 §C): what stands first in a PKCS #8 under a password.
const passwordSchemes = ['06092a864886f70d0105', '060a2a864886f70d010c01']

/** True for bytes that are, or may hold, a private key: PKCS #8, plain or under a password, PKCS #1, SEC 1, a PFX, a key store. */
export function isPrivateDer(der: Buffer): boolean {
  const isKey = (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => {
    try {
      return createPrivateKey({ key: der, format: 'der', type }) !== undefined
    } catch {
      return false
    }
  })
  if (isKey) {
    return true
  }
  if (der.length >= 4 && storeMagic.includes(der.readUInt32BE(0))) {
    return true
  }
  const inside = sequence(der)
  if (inside === undefined) {
    return false
  }
  // RFC 7292 §4: a PFX begins with its version, 3.
  if (inside.subarray(0, 3).toString('hex') === '020103') {
    return true
  }
  const scheme = sequence(inside)?.toString('hex') ?? ''
  return passwordSchemes.some((prefix) => scheme.startsWith(prefix))
}
