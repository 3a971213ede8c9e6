import { createHash } from 'node:crypto'
import { printable } from '../../token/inspect/masked.ts'
import type { Inspection } from '../../token/inspect.ts'
import { receiptOf } from '../accept-token.ts'
import type { AuditEntry } from './audit-entry.ts'
import type { PadlockCall } from './padlock-call.ts'

/** A value on the way: JSON, a token in its parts, or plain text. */
export interface StepValue {
  label: string
  text: string
  kind: 'json' | 'token' | 'text'
}

/** One step of a token's way, for the desk to unfold. */
export interface Step {
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

const titles: Record<Step['name'], string> = {
  request: 'The shop’s backend asks Padlock',
  claims: 'Padlock makes the claims',
  digest: 'Padlock hashes what is to be signed',
  audit: 'Vault signs the hash and writes it down',
  jws: 'Padlock verifies the signature',
  jwe: 'Padlock encrypts it for iAdvize',
  verdict: 'The recipient decrypts, verifies and decides',
}

const step = (
  name: Step['name'],
  summary: string,
  values: StepValue[],
  state: Step['state'] = 'done',
): Step => ({ name, title: titles[name], summary, state, values })

function requestStep({ path, body, status, answer, milliseconds, issued }: PadlockCall): Step {
  const { token: _token, ...others } = answer
  const summary = `POST ${path}, ${status} in ${milliseconds} ms`
  const shown = issued ? json('Answer, without the token', others) : json('Answer', answer)
  return step('request', summary, [json('Body', body), shown], issued ? 'done' : 'refused')
}

/** The way of a request that Padlock refused: it ends where it began. */
export function refusedWay(call: PadlockCall): Step[] {
  const names = Object.keys(titles) as Step['name'][]
  return [requestStep(call), ...names.slice(1).map((name) => step(name, 'Did not come to be', [], 'missing'))]
}

function verdictStep(inspection: Inspection): Step {
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
export function tokenWay(
  call: PadlockCall,
  jwe: string,
  { jwe: outer, jws, claims = {}, ...rest }: Inspection,
  audit: AuditEntry | undefined,
): Step[] {
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
      json('Header', printable(jws?.header ?? {})),
      token('JWS', compact),
    ]),
    step('jwe', `RSA-OAEP-256 and A256GCM, ${jwe.length} characters`, [
      json('Header', printable(outer?.header ?? {})),
      token('JWE, which is the token', jwe),
    ]),
    verdictStep({ ...rest, claims, ...(outer && { jwe: outer }), ...(jws && { jws }) }),
  ]
}
