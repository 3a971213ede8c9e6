import { hash } from 'node:crypto'
import type { ClaimsSet } from './claims.ts'

/** The JWS protected header: `alg` always, `kid` and `typ` only where the profile asks for them. */
export interface JwsHeader {
  alg: 'RS256'
  kid?: string
  typ?: string
}

/** The exact bytes that are signed (RFC 7515 §5.1), as ASCII text, and their SHA-256. */
export interface SigningInput {
  text: string
  digest: Buffer
}

const base64url = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url')

/** BASE64URL(header) || '.' || BASE64URL(claims set), and its SHA-256 (32 bytes). */
export function signingInput(header: JwsHeader, claims: ClaimsSet): SigningInput {
  const text = `${base64url(header)}.${base64url(claims)}`
  return { text, digest: hash('sha256', text, 'buffer') }
}
