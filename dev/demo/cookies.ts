import { randomBytes } from 'node:crypto'

/** A random id, fit for a cookie. */
export const newId = (): string => randomBytes(16).toString('base64url')

/** The Set-Cookie header that gives a browser an id, and the one that takes it away. */
export const setCookie = (name: string, id: string): string => `${name}=${id}; HttpOnly; SameSite=Lax; Path=/`
export const dropCookie = (name: string): string => `${name}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0`

/** The id in a request's Cookie header, or an empty text. */
export const idInCookie = (name: string, header: string | undefined): string =>
  new RegExp(`(?:^|; )${name}=([\\w-]{22})(?:;|$)`).exec(header ?? '')?.[1] ?? ''

/** Keeps a map to its newest entries. */
export function forgetOldest(map: Map<string, unknown>, most: number): void {
  const [oldest] = map.keys()
  if (map.size > most && oldest !== undefined) {
    map.delete(oldest)
  }
}
