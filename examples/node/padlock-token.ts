import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SignJWT } from 'jose'
// Made of Padlock's openapi.json by `npm run types`; nothing of it is needed to run this.
import type { components } from './openapi.d.ts'

type TokenRequest = components['schemas']['TokenRequest']
type Answer = Partial<components['schemas']['IssuedToken'] & components['schemas']['Problem']>

const { PADLOCK_URL, PADLOCK_CALLER_KEY_FILE = 'caller-key.pem', PADLOCK_CALLER_ISSUER = '' } = process.env
const privateKey = createPrivateKey(readFileSync(PADLOCK_CALLER_KEY_FILE))
const LIFE_SECONDS = 300
let caller = { jwt: '', goodUntil: 0 }

/** The JWT by which Padlock knows this backend; it is made anew a minute before it runs out. */
async function callerJwt(): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  if (now >= caller.goodUntil) {
    const jwt = await new SignJWT({ scope: 'issue:default' })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .setIssuer(PADLOCK_CALLER_ISSUER)
      .setSubject('shop-backend')
      .setAudience('padlock')
      .setIssuedAt(now)
      .setExpirationTime(now + LIFE_SECONDS)
      .sign(privateKey)
    caller = { jwt, goodUntil: now + LIFE_SECONDS - 60 }
  }
  return caller.jwt
}

/** A token for a visitor who is logged in; undefined when there is none to be had now. */
export async function padlockToken(visitor: TokenRequest): Promise<string | undefined> {
  try {
    const response = await fetch(`${PADLOCK_URL}/v1/profiles/default/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await callerJwt()}`, 'content-type': 'application/json' },
      body: JSON.stringify(visitor),
      redirect: 'error',
      // Padlock answers within 2 seconds, with a token or with a code.
      signal: AbortSignal.timeout(3_000),
    })
    const answer = (await response.json().catch(() => ({}))) as Answer
    if (response.ok && typeof answer.token === 'string') {
      return answer.token
    }
    // These are fit for a log; the userId, the token and the JWT are not.
    const faults = (answer.errors ?? []).map(({ pointer, code }) => `, ${pointer} ${code}`).join('')
    console.error(`Padlock: ${response.status} ${answer.code}, request ${answer.requestId}${faults}`)
  } catch (error) {
    console.error(`Padlock: ${(error as Error).name}`)
  }
  return undefined
}
