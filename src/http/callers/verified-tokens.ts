import { hash } from 'node:crypto'
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

/** So many are remembered, of the longest: about 8 MB. */
const capacity = 1_000

/**
 * The bearer tokens whose signatures verified lately: a backend sends the same one for as long as it lives, and
 * to verify it costs more than to encrypt a token. Only the SHA-256 of a token is kept, and only tokens that
 * are good get in. Whoever finds one here still has to see that its key is in use and its claims hold now.
 */
export class VerifiedTokens {
  /** by SHA-256; the least recently used first */
  readonly #tokens = new Map<string, VerifiedToken>()

  find(token: string): VerifiedToken | undefined {
    const digest = digestOf(token)
    const found = this.#tokens.get(digest)
    if (found !== undefined) {
      this.#tokens.delete(digest)
      this.#tokens.set(digest, found)
    }
    return found
  }

  add(token: string, verified: VerifiedToken): void {
    this.#tokens.set(digestOf(token), verified)
    if (this.#tokens.size > capacity) this.#tokens.delete(this.#tokens.keys().next().value as string)
  }
}

const digestOf = (token: string): string => hash('sha256', token, 'base64')
