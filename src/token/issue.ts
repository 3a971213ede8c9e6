import { type CheckedTokenRequest, claimsSet } from './claims.ts'
import { compactJwe, type Encrypt } from './jwe.ts'
import { compactJws } from './jws.ts'
import type { Profile } from './profile.ts'
import type { Signer, SignOptions } from './signer.ts'
import { type JwsHeader, signingInput } from './signing-input.ts'

/** A token and what may be said of it. */
export interface IssuedToken {
  /** compact JWE around a compact JWS */
  token: string
  /** RFC 3339, UTC */
  issuedAt: string
  /** RFC 3339, UTC */
  expiresAt: string
  /** seconds */
  expiresIn: number
  /** version of the signing key in Vault */
  keyVersion: number
  /** base64url of the SHA-256 of the JWS signing input: what Vault's audit log knows the token by */
  auditId: string
}

const rfc3339 = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

function jwsHeader(profile: Profile): JwsHeader {
  const header: JwsHeader = { alg: 'RS256' }
  if (profile.jwsHeader?.kid) {
    header.kid = profile.pinnedKey.thumbprint
  }
  if (profile.jwsHeader?.typ !== undefined) {
    header.typ = profile.jwsHeader.typ
  }
  return header
}

/**
 * The way of a token, from a checked request to a compact JWE: claims, signing input, signature (made by the signer),
 * local verification, compact JWS, encryption.
 *
 * @param now milliseconds since the epoch
 * @param encrypt `compactJwe`, or what observes it
 * @throws PadlockError `signature_invalid`, or what the signer throws
 */
export async function issueToken(
  request: CheckedTokenRequest,
  profile: Profile,
  signer: Signer,
  now: number,
  options: SignOptions,
  encrypt: Encrypt = compactJwe,
): Promise<IssuedToken> {
  const claims = claimsSet(request, profile, now)
  const input = signingInput(jwsHeader(profile), claims)
  const signature = await signer.sign(input.digest, profile.pinnedKey, options)
  const jws = compactJws(input, signature, profile.pinnedKey)
  const token = await encrypt(jws, profile.recipientKey)
  return {
    token,
    issuedAt: rfc3339(claims.exp - profile.tokenTtlSeconds),
    expiresAt: rfc3339(claims.exp),
    expiresIn: profile.tokenTtlSeconds,
    keyVersion: profile.pinnedKey.version,
    auditId: input.digest.toString('base64url'),
  }
}
