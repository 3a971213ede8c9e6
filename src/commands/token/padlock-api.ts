import type { Response } from 'undici'
import { checkEnvironment } from '../../cli/checked-environment.ts'
import { CommandError, exitCodes, refused, usageError } from '../../cli/exit.ts'
import { readInputFile } from '../../cli/input.ts'
import { isLoopback } from '../../config/url-problems.ts'
import type { TokenRequest } from '../../token/claims.ts'
import type { IssuedToken } from '../../token/issue.ts'

/** A running Padlock, and the caller's JWT for it. */
export interface PadlockApi {
  url: string
  callerToken: string
}

/** Padlock's own deadline is 2 seconds, 60 at the most that it can be set to. */
const timeoutMs = 65_000

/**
 * Finds the Padlock to ask: PADLOCK_URL, and the caller's JWT from a file or from PADLOCK_CALLER_TOKEN, or else
 * PADLOCK_DEV_CALLER_TOKEN, which `make run` writes. An empty variable counts as not set.
 *
 * @throws CommandError with exit code 2; no value is repeated
 */
export async function padlockApi(
  env: NodeJS.ProcessEnv,
  options: { callerTokenFile?: string; allowPlainHttp?: true },
): Promise<PadlockApi> {
  checkEnvironment(env)
  const url = URL.parse(env.PADLOCK_URL || 'http://127.0.0.1:3000')
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw usageError('PADLOCK_URL must be an http or https URL.')
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw usageError('PADLOCK_URL must have no user, query or fragment.')
  }
  if (url.protocol === 'http:' && !isLoopback(url) && !options.allowPlainHttp) {
    throw usageError(
      "PADLOCK_URL is plain HTTP off the loopback: the caller's JWT could be read on the way. Use https, or give " +
        '--allow-plain-http where the network is yours.',
    )
  }
  const fromFile = options.callerTokenFile
  const text = fromFile
    ? String(await readInputFile(fromFile, '--caller-token-file'))
    : env.PADLOCK_CALLER_TOKEN || env.PADLOCK_DEV_CALLER_TOKEN || ''
  const callerToken = text.trim()
  if (callerToken === '') {
    throw usageError("No caller's JWT: give --caller-token-file, or set PADLOCK_CALLER_TOKEN.")
  }
  if (!/^[\w.~+/=-]+$/.test(callerToken)) {
    throw usageError("The caller's JWT holds characters that no JWT has.")
  }
  return { url: url.href.replace(/\/$/, ''), callerToken }
}

interface Problem {
  code: string
  detail: string
  requestId?: string
  errors?: { pointer: string; code: string; detail: string }[]
}

const deniedHint =
  "Padlock's own login lacks the policy padlock-signer, or the profile's key is not in it: an administrator runs " +
  '`padlock setup --policies-only`.'

/** What an answer other than 200 ends the command with; it is Padlock's own words, which hold no personal data. */
function failure(status: number, problem: Problem): CommandError {
  const words = [
    `${problem.code}: ${problem.detail}`,
    ...(problem.errors ?? []).map((it) => `  ${it.pointer}: ${it.detail}`),
    ...(problem.code === 'vault_denied' ? [deniedHint] : []),
  ]
  if (problem.requestId) {
    words.push(`Request ${problem.requestId}.`)
  }
  // 502 to 504 are Vault's state, or that of what stands before Padlock.
  const away = status === 429 || status >= 502
  return new CommandError(away ? exitCodes.vaultUnreachable : exitCodes.refused, words.join('\n'))
}

const isProblem = (body: unknown): body is Problem => {
  const { code, detail } = (body ?? {}) as Record<string, unknown>
  return typeof code === 'string' && /^[a-z_]+$/.test(code) && typeof detail === 'string'
}

/**
 * Asks a running Padlock for a token, as a shop's backend does.
 *
 * @throws CommandError with exit code 1 where it refuses, 3 where it or its Vault does not answer
 */
export async function requestToken(
  { url, callerToken }: PadlockApi,
  profile: string,
  request: TokenRequest,
): Promise<IssuedToken> {
  const { fetchDirectly } = await import('../../outgoing/tls.ts')
  let answer: Response
  let body: unknown
  try {
    answer = await fetchDirectly(`${url}/v1/profiles/${profile}/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${callerToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(timeoutMs),
    })
    body = await answer.json().catch(() => undefined)
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } }
    const why = name === 'TimeoutError' ? 'in time' : `(${cause?.code ?? 'no HTTP answer, or a redirect'})`
    throw new CommandError(exitCodes.vaultUnreachable, `Padlock did not answer ${why}. Look at PADLOCK_URL.`)
  }
  if (answer.ok && typeof (body as { token?: unknown } | undefined)?.token === 'string') {
    return body as IssuedToken
  }
  if (isProblem(body)) {
    throw failure(answer.status, body)
  }
  throw refused(`What answers at PADLOCK_URL is no Padlock (status ${answer.status}).`)
}
