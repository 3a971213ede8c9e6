import type { CallerFault } from '../../errors.ts'
import type { CallerRules } from '../../http/callers/caller-token.ts'
import { callerAlgorithms } from '../../http/callers/jwk-set.ts'

/** What is said of a fault: what is wrong, what would be right, what stands there, and how to fix it. */
export interface FaultWords {
  detail: string
  expected?: string
  found?: unknown
  fix: string
}

type Members = Readonly<Record<string, unknown>>

const time = (value: unknown): unknown =>
  typeof value === 'number' && Math.abs(value) <= 8.64e12 ? new Date(value * 1000).toISOString() : value

/**
 * The words of a fault.
 *
 * @param header the JWT's header and `claims` its payload, as far as they can be read; nothing of them is a secret
 * @param now seconds since the epoch
 * @param profile the one that a right is asked for
 */
export function faultWords(
  fault: CallerFault,
  header: Members,
  claims: Members,
  rules: CallerRules,
  now: number,
  profile = '<profile>',
): FaultWords {
  const tolerance = rules.clockToleranceSeconds
  const at = new Date(now * 1000).toISOString()
  const words: Record<CallerFault, FaultWords> = {
    no_token: { detail: 'There is no token.', fix: 'Send `Authorization: Bearer <JWT>`.' },
    malformed: {
      detail: 'This is no JWT of three parts, or its header, payload, kid, nbf or iat has a wrong form.',
      fix: 'Send the JWT as the issuer gave it, in one Authorization header.',
    },
    too_long: {
      detail: 'The token or its `sub` is too long.',
      expected: 'at most 8,192 characters, and 255 in `sub`',
      fix: 'Let the issuer leave out claims that nobody needs.',
    },
    algorithm: {
      detail: 'The algorithm is not accepted, or the key is not for it.',
      expected: callerAlgorithms.join(', '),
      found: header.alg,
      fix: "Set another signing algorithm for the backend's client at the issuer. For Ed25519 (RFC 9864), EdDSA.",
    },
    critical_header: {
      detail: 'The header has `crit`, which asks for an extension; Padlock knows none (RFC 7515 §4.1.11).',
      found: header.crit,
      fix: 'Let the issuer leave `crit` out.',
    },
    token_type: {
      detail: 'This JWT is meant for something else, as its `typ` says.',
      expected: 'no `typ`, JWT or at+jwt',
      found: header.typ,
      fix: 'Send an access token, no ID, logout or event token.',
    },
    unknown_key: {
      detail: 'The issuer has no key with this `kid`.',
      found: header.kid,
      fix: 'Compare the issuer (or its tenant) with PADLOCK_CALLER_JWKS_URL; look which kids the set has.',
    },
    ambiguous_key: {
      detail: 'Several keys of the issuer fit, and the token must not choose.',
      found: header.kid,
      fix: 'Use a token of this issuer, or let its tokens name a `kid`, and give each key of the set its own.',
    },
    signature: {
      detail: "The signature does not verify with the issuer's key.",
      fix: 'Sign with the private key that belongs to the key Padlock has, or use a JWT of this issuer, not changed or cut on its way.',
    },
    issuer: {
      detail: 'The JWT comes from another issuer.',
      expected: rules.issuer,
      found: claims.iss,
      fix: 'Set PADLOCK_CALLER_ISSUER to the `iss` of your issuer, to the last slash, or use its tokens.',
    },
    audience: {
      detail: 'The JWT is meant for somebody else.',
      expected: rules.audience,
      found: claims.aud,
      fix: 'Ask the issuer for a token for this audience, or set PADLOCK_CALLER_AUDIENCE.',
    },
    subject_missing: {
      detail: 'There is no `sub`, so nobody knows who calls.',
      expected: 'a text',
      found: claims.sub,
      fix: 'Let the issuer add `sub`.',
    },
    expiry_missing: {
      detail: 'There is no `exp`, or it is no number.',
      expected: 'seconds since 1970, as a number',
      found: claims.exp,
      fix: 'Let the issuer add `exp`.',
    },
    expired: {
      detail: 'The JWT has expired.',
      expected: `later than ${at}, less ${tolerance} s`,
      found: time(claims.exp),
      fix: 'Let the backend get a new JWT before the old one ends; compare the clocks.',
    },
    not_yet_valid: {
      detail: 'The JWT is not valid yet, by `nbf` or `iat`.',
      expected: `not later than ${at}, and ${tolerance} s`,
      found: { nbf: time(claims.nbf), iat: time(claims.iat) },
      fix: "Compare the issuer's clock with Padlock's, or raise PADLOCK_CALLER_CLOCK_TOLERANCE_SECONDS.",
    },
    life_too_long: {
      detail: 'The JWT lives too long.',
      expected: `${rules.maxLifeSeconds} s at most, from now and from \`iat\``,
      found: { iat: time(claims.iat), exp: time(claims.exp) },
      fix: 'Set a shorter life at the issuer, or PADLOCK_CALLER_MAX_LIFE_SECONDS.',
    },
    scope: {
      detail: `The scope does not have the profile. It is refused unless the profile lists the \`sub\` in its callers.`,
      expected: `issue:${profile} or issue:*`,
      found: claims.scope,
      fix: `Let the issuer grant issue:${profile}, or add the \`sub\` to the profile's callers (padlock profile update).`,
    },
  }
  return words[fault]
}
