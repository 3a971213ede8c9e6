import { createHmac } from 'node:crypto'

/** A key for pseudonyms of visitors, and its version in KV. */
export interface SubjectKey {
  version: number
  /** 32 bytes */
  key: Buffer
}

/**
 * A visitor's pseudonym in one profile: HMAC-SHA-256 (RFC 2104) over the profile's name, a zero byte and the userId,
 * as base64url. Neither of the two can hold a zero byte. Without the key it does not reveal who it is.
 */
export function subjectPseudonym({ key }: SubjectKey, profile: string, userId: string): string {
  return createHmac('sha256', key).update(`${profile}\0${userId}`).digest('base64url')
}
