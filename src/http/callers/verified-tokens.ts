import { hash } from 'node:crypto'
import { LruMap } from 'toad-cache'
import type { CallerAlgorithm } from './jwk-set.ts'

/** What a bearer token was verified with. */
export interface VerifiedWith {
  kid: string | undefined
  alg: CallerAlgorithm
  /** SPKI PEM */
  key: string
}

/** A bearer token's claims, and what they were verified with. */
export interface VerifiedToken extends VerifiedWith {
  payload: unknown
}

/** Tokens that are remembered; of the longest, 1,000 take about 8 MB. */
const capacity = 1_000

/**
 * The bearer tokens whose signatures verified lately: a backend sends the same one for as long as it lives, and
 * to verify it costs more than to encrypt a token. Only the SHA-256 of a token is kept, and only tokens that
 * are good get in. The caller of `find` checks that the key is in use and that the claims hold now.
 */
export class VerifiedTokens {
  /** by SHA-256 */
  readonly #tokens = new LruMap<VerifiedToken>(capacity)

  find(token: string): VerifiedToken | undefined {
    return this.#tokens.get(digestOf(token))
  }

  add(token: string, verified: VerifiedToken): void {
    this.#tokens.set(digestOf(token), verified)
  }
}

const digestOf = (token: string): string => hash('sha256', token, 'base64')
