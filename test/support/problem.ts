import { type ErrorCode, errorCodes } from '../../src/errors.ts'
import type { RawAnswer } from './raw-http.ts'

/** An answer to be judged, from whatever client. */
export type Answer = Pick<RawAnswer, 'status' | 'headers' | 'body'>

export async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, headers: response.headers, body: await response.text() }
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const fieldCodes: ReadonlySet<string> = new Set(
  (
    'required wrong_type unknown_property ext_id_not_allowed user_id_empty user_id_too_long user_id_whitespace ' +
    'user_id_control_character user_id_invisible_character user_id_replacement_character user_id_not_normalized user_id_placeholder user_id_pattern_mismatch too_long invalid_character'
  ).split(' '),
)

/** The `code` of a problem, or undefined for what is none. */
export function codeOf({ body }: Answer): ErrorCode | undefined {
  try {
    return JSON.parse(body).code
  } catch {
    return undefined
  }
}

/** The faults of a body that a problem tells, each as its pointer and its code. */
export function fieldFaults({ body }: Answer): string[] {
  const { errors = [] } = JSON.parse(body) as { errors?: { pointer: string; code: string }[] }
  return errors.map(({ pointer, code }) => `${pointer} ${code}`)
}

function headerFaults({ status, headers }: Answer, code: ErrorCode): string[] {
  const faults: string[] = []
  const expect = (name: string, good: (value: string | null) => boolean) => {
    if (!good(headers.get(name))) {
      faults.push(`${name}: ${headers.get(name)}`)
    }
  }
  expect('content-type', (value) => value === 'application/problem+json')
  expect('cache-control', (value) => value === 'no-store')
  expect('x-request-id', (value) => uuid.test(value ?? ''))
  expect(
    'retry-after',
    (value) => (status === 503 || status === 429) === (value !== null && /^[1-9]\d*$/.test(value)),
  )
  expect('allow', (value) => (status === 405) === (value !== null && value !== ''))
  expect('www-authenticate', (value) => {
    if (code === 'forbidden') {
      return value === 'Bearer error="insufficient_scope"'
    }
    if (code === 'unauthenticated') {
      return value === 'Bearer' || value === 'Bearer error="invalid_token"'
    }
    return value === null
  })
  return faults
}

/**
 * What is wrong with an answer that should be a problem of the contract; empty for a good one.
 *
 * Source: DESIGN's error table, RFC 9457 §3, RFC 9110 §10.2.1 and §10.2.3, RFC 6750 §3.
 */
export function problemFaults(answer: Answer): string[] {
  const faults: string[] = []
  let problem: Record<string, unknown>
  try {
    problem = JSON.parse(answer.body)
  } catch {
    return [`status ${answer.status}: the body is not JSON`]
  }
  const code = problem.code as ErrorCode
  const known = errorCodes[code]
  if (known === undefined) {
    return [`status ${answer.status}: unknown code ${code}`]
  }
  const expect = (what: string, good: boolean) => {
    if (!good) {
      faults.push(`${code}: ${what}`)
    }
  }
  const { type, title, status, detail, code: _code, requestId, errors, ...rest } = problem
  expect('status line', answer.status === known.status)
  expect('status', status === known.status)
  expect('type', type === `urn:padlock:error:${code}`)
  expect('title', title === known.title)
  expect('detail', typeof detail === 'string' && detail !== '')
  expect('requestId', typeof requestId === 'string' && uuid.test(requestId))
  expect('no other member', Object.keys(rest).length === 0)
  if (errors !== undefined) {
    expect('errors only for invalid_request', code === 'invalid_request')
    expect('errors', Array.isArray(errors) && errors.length > 0)
    for (const entry of errors as Record<string, unknown>[]) {
      expect('members of an entry', Object.keys(entry).sort().join() === 'code,detail,pointer')
      expect('code of an entry', fieldCodes.has(entry.code as string))
      expect('pointer', typeof entry.pointer === 'string' && /^(\/.*)?$/s.test(entry.pointer))
    }
  }
  return [...faults, ...headerFaults(answer, code).map((fault) => `${code}: ${fault}`)]
}
