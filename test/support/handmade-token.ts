import {
  constants,
  createCipheriv,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  sign,
} from 'node:crypto'

const pair = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength })

/** The keys of a test: the recipient's, the customer's pinned version and the next, and somebody else's. */
export const keys = {
  recipient: pair(),
  customer: pair(),
  nextVersion: pair(),
  stranger: pair(),
  large: pair(3072),
}

/** The time of the tests, in milliseconds; a good token expires a minute later. */
export const now = Date.parse('2026-01-02T03:04:05Z')
export const userIdClaim = 'https://iadvize.com/userId'
export const visitorDataClaim = 'https://iadvize.com/visitorData'
export const goodClaims = {
  iss: 'https://shop.test',
  exp: now / 1000 + 60,
  [userIdClaim]: 'customer-8714',
  [visitorDataClaim]: { firstName: 'Zoé', city: 'Nantes' },
}

export const encoded = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Makes the third part of a JWS, out of the first two. */
export type SignPart = (input: string) => string
export const rs256 =
  (key: KeyObject = keys.customer.privateKey, hash = 'sha256'): SignPart =>
  (input) =>
    sign(hash, Buffer.from(input), key).toString('base64url')
export const pss: SignPart = (input) =>
  sign('sha256', Buffer.from(input), {
    key: keys.customer.privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }).toString('base64url')

/** A compact JWS, made by hand so that it can be made wrong. */
export function jws(
  payload: unknown = goodClaims,
  header: object = { alg: 'RS256' },
  signPart: SignPart = rs256(),
): string {
  const input = `${encoded(header)}.${encoded(payload)}`
  return `${input}.${signPart(input)}`
}

/** What may be made wrong in a JWE. */
export interface JweOptions {
  header?: Record<string, unknown>
  key?: KeyObject
  /** encrypts the content key; RSA-OAEP-256 without it */
  wrap?: (contentKey: Buffer, key: KeyObject) => Buffer
  contentKey?: Buffer
  ivBytes?: number
  aad?: false
}

const oaep = (contentKey: Buffer, key: KeyObject, oaepHash = 'sha256') =>
  publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, contentKey)
export const oaepSha1 = (contentKey: Buffer, key: KeyObject) => oaep(contentKey, key, 'sha1')
export const pkcs1 = (contentKey: Buffer, key: KeyObject) =>
  publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, contentKey)
export const goodJweHeader = { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' }

/** A compact JWE with A256GCM, made by hand so that it can be made wrong. */
export function jwe(content: string, options: JweOptions = {}): string {
  const { header = goodJweHeader, key = keys.recipient.publicKey, wrap = oaep, ivBytes = 12 } = options
  const contentKey = options.contentKey ?? randomBytes(32)
  const [protectedHeader, iv] = [encoded(header), randomBytes(ivBytes)]
  const algorithm = contentKey.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm'
  const cipher = createCipheriv(algorithm, contentKey, iv, { authTagLength: 16 })
  if (options.aad !== false) {
    cipher.setAAD(Buffer.from(protectedHeader))
  }
  const ciphertext = Buffer.concat([cipher.update(content), cipher.final()])
  const rest = [wrap(contentKey, key), iv, ciphertext, cipher.getAuthTag()]
  return [protectedHeader, ...rest.map((part) => part.toString('base64url'))].join('.')
}

/** A token that is good but for its claims. */
export const withClaims = (changes: Record<string, unknown>): string =>
  jwe(jws({ ...goodClaims, ...changes }))
/** The good token but for one claim under another name. */
export function renamed(from: string, to: string): string {
  const { [from]: value, ...others } = goodClaims as Record<string, unknown>
  return jwe(jws({ ...others, [to]: value }))
}
export const without = (name: string): string => withClaims({ [name]: undefined })

/** A text with one character of one of its parts changed. */
export function changed(token: string, part: number): string {
  const parts = token.split('.')
  const text = parts[part] as string
  parts[part] = (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
  return parts.join('.')
}
