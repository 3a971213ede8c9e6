import { claimsSet, type TokenRequest } from './claims.ts'
import { compactJwe } from './jwe.ts'
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

/** How a token is issued. */
export interface IssueOptions extends SignOptions {
  /** told of each userId before anything is signed; throws to refuse it */
  admit?: (userId: string) => void
  /** does a step that takes processor time, to trace it by its name */
  step?: (<T>(name: string, work: () => Promise<T>) => Promise<T>) | undefined
}

const rfc3339 = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')

function jwsHeader(profile: Profile): JwsHeader {
  const header: JwsHeader = { alg: 'RS256' }
  if (profile.jwsHeader?.kid) header.kid = profile.pinnedKey.thumbprint
  if (profile.jwsHeader?.typ !== undefined) header.typ = profile.jwsHeader.typ
  return header
}

/**
 * The way of a token, from a checked request to a compact JWE: claims, admission of the userId, signing input,
 * signature (made by the signer), local verification, compact JWS, encryption.
 *
 * @param now milliseconds since the epoch
 * @throws PadlockError `invalid_request`, `signature_invalid`, what `admit` throws, or what the signer throws
 */
export async function issueToken(
  request: TokenRequest,
  profile: Profile,
  signer: Signer,
  now: number,
  options: IssueOptions,
): Promise<IssuedToken> {
  const claims = claimsSet(request, profile, now)
  options.admit?.(request.userId)
  const input = signingInput(jwsHeader(profile), claims)
  const signature = await signer.sign(input.digest, profile.pinnedKey, options)
  const jws = compactJws(input, signature, profile.pinnedKey)
  const token = await (options.step === undefined
    ? compactJwe(jws, profile.recipientKey)
    : options.step('encrypt', () => compactJwe(jws, profile.recipientKey)))
  return {
    token,
    issuedAt: rfc3339(claims.exp - profile.tokenTtlSeconds),
    expiresAt: rfc3339(claims.exp),
    expiresIn: profile.tokenTtlSeconds,
    keyVersion: profile.pinnedKey.version,
    auditId: input.digest.toString('base64url'),
  }
}
