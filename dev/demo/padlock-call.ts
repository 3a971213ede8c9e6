import type { IssuedToken } from '../../token/issue.ts'

/** One call of the shop's backend to Padlock: what it sent, and what came back. */
export interface PadlockCall {
  path: string
  body: unknown
  status: number
  answer: Record<string, unknown>
  milliseconds: number
  /** undefined where there is no token now */
  issued?: IssuedToken
}

/** Asks Padlock for a token as the README's backend does. @throws Error where Padlock does not answer at all */
export async function callPadlock(
  padlockUrl: string,
  callerToken: string,
  profile: string,
  body: { userId: string; visitorData?: unknown },
): Promise<PadlockCall> {
  const path = `/v1/profiles/${profile}/tokens`
  const start = performance.now()
  const response = await fetch(padlockUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${callerToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(3_000),
  })
  const answer = (await response.json()) as Record<string, unknown>
  const milliseconds = Math.round((performance.now() - start) * 10) / 10
  const call = { path, body, status: response.status, answer, milliseconds }
  return response.ok ? { ...call, issued: answer as unknown as IssuedToken } : call
}
