import { createHash } from 'node:crypto'
import type { Inspection } from '../../src/inspection/inspect.ts'
import { masked } from '../../src/inspection/masked.ts'
import { receiptOf } from '../accept-token.ts'
import type { AuditEntry } from './audit-entry.ts'
import { asCurl, type PadlockCall } from './padlock-call.ts'

/** A value on the way: JSON, a token in its parts, or plain text. */
export interface StepValue {
  label: string
  text: string
  kind: 'json' | 'token' | 'text'
  /** what makes this value, for a terminal */
  curl?: string
}

/** One step of a token's way, for the desk to unfold. */
export interface TokenStep {
  name: 'request' | 'claims' | 'digest' | 'audit' | 'jws' | 'jwe' | 'verdict'
  title: string
  /** the step in one line */
  summary: string
  /** `missing`: the way ended before it */
  state: 'done' | 'refused' | 'missing'
  values: StepValue[]
}

const json = (label: string, value: unknown): StepValue => ({
  label,
  text: JSON.stringify(value, null, 2),
  kind: 'json',
})
const token = (label: string, text: string): StepValue => ({ label, text, kind: 'token' })
const text = (label: string, value: string): StepValue => ({ label, text: value, kind: 'text' })

const titles: Record<TokenStep['name'], string> = {
  request: 'The shop’s backend asks Padlock',
  claims: 'Padlock makes the claims',
  digest: 'Padlock hashes what is to be signed',
  audit: 'Vault signs the hash and writes it down',
  jws: 'Padlock verifies the signature',
  jwe: 'Padlock encrypts it for iAdvize',
  verdict: 'The recipient decrypts, verifies and decides',
}

const step = (
  name: TokenStep['name'],
  summary: string,
  values: StepValue[],
  state: TokenStep['state'] = 'done',
): TokenStep => ({ name, title: titles[name], summary, state, values })

function requestStep(call: PadlockCall, alarm?: string): TokenStep {
  const { path, body, status, answer, milliseconds, issued } = call
  const { token: _token, ...others } = answer
  const summary = `POST ${path}, ${status} in ${milliseconds} ms`
  const shown = issued ? json('Answer, without the token', others) : json('Answer', answer)
  const values = [{ ...json('Body', body), curl: asCurl(call) }, shown]
  if (alarm !== undefined) {
    values.push(text('Alarm, in Padlock’s metrics', alarm))
  }
  return step('request', summary, values, issued ? 'done' : 'refused')
}

/**
 * The way of a request that Padlock refused: it ends where it began.
 *
 * @param alarm what Padlock's metrics say, where the refusal comes with an alarm
 */
export function stepsOfRefusal(call: PadlockCall, alarm?: string): TokenStep[] {
  const names = Object.keys(titles) as TokenStep['name'][]
  return [
    requestStep(call, alarm),
    ...names.slice(1).map((name) => step(name, 'Did not come to be', [], 'missing')),
  ]
}

function verdictStep(inspection: Inspection): TokenStep {
  const receipt = receiptOf(inspection)
  if (receipt.accepted) {
    const summary = 'Accepted: the visitor gets the padlock'
    return step('verdict', summary, [
      text('Verified with', receipt.verifiedWith),
      json('Claims', receipt.claims),
    ])
  }
  const { code, detail, cause } = receipt
  return step(
    'verdict',
    `Refused: ${detail}`,
    [text('Fault', code), text('What is wrong', detail), text('Likely cause', cause)],
    'refused',
  )
}

/**
 * The way of a token, from the values that it really had.
 *
 * @param inspection of the token by the recipient
 * @param audit undefined where Vault's audit log does not have it
 */
export function stepsOfToken(
  call: PadlockCall,
  jwe: string,
  { jwe: outer, jws, claims = {}, ...rest }: Inspection,
  audit: AuditEntry | undefined,
): TokenStep[] {
  const compact = jws?.compact ?? ''
  const signingInput = compact.slice(0, compact.lastIndexOf('.'))
  const digest = createHash('sha256').update(signingInput).digest()
  const life = `good for ${call.issued?.expiresIn} seconds`
  const bytes = (encoded = '') => Buffer.from(encoded, 'base64url').length
  const audited = audit
    ? step('audit', `Found again in Vault’s audit log by its hash`, [
        text('sys/audit-hash of the SHA-256', audit.hash),
        json('Audit entry', audit.entry),
      ])
    : step('audit', 'Vault’s audit log does not have it', [], 'refused')
  return [
    requestStep(call),
    step('claims', `${Object.keys(claims).length} claims, ${life}`, [json('Claims', claims)]),
    step('digest', `SHA-256 ${digest.toString('base64url')}`, [
      token('Signing input', signingInput),
      text('SHA-256, which is the auditId', digest.toString('base64url')),
    ]),
    audited,
    step('jws', `RS256, key version ${call.issued?.keyVersion}, ${bytes(compact.split('.')[2])} bytes`, [
      json('Header', masked(jws?.header ?? {})),
      token('JWS', compact),
    ]),
    step('jwe', `RSA-OAEP-256 and A256GCM, ${jwe.length} characters`, [
      json('Header', masked(outer?.header ?? {})),
      token('JWE, which is the token', jwe),
    ]),
    verdictStep({ ...rest, claims, ...(outer && { jwe: outer }), ...(jws && { jws }) }),
  ]
}
