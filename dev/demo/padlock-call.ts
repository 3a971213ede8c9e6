import type { IssuedToken } from '../../src/token/issue.ts'

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

/** What Padlock's metrics say of userIds that are shared, as Prometheus reads it: one alarm is enough for its alert. */
export async function sharedIdMetrics(padlockUrl: string): Promise<string> {
  const answer = await fetch(`${padlockUrl}/metrics`, { signal: AbortSignal.timeout(3_000) })
  const lines = (await answer.text()).split('\n')
  return lines.filter((line) => line.startsWith('padlock_shared_user_id_')).join('\n')
}

/** The same call for a terminal, with the caller's JWT where `make run` and `make demo` write it. */
export function asCurl({ path, body }: PadlockCall): string {
  const quoted = `'${JSON.stringify(body).replaceAll("'", "'\\''")}'`
  return [
    'set -a; . .dev/env; set +a',
    `curl -sS --max-time 3 "$PADLOCK_URL${path}" \\`,
    '  -H "Authorization: Bearer $PADLOCK_DEV_CALLER_TOKEN" -H \'Content-Type: application/json\' \\',
    `  -d ${quoted}`,
  ].join('\n')
}
