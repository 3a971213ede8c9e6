import type { KeyObject } from 'node:crypto'
import { type CompactParts, duplicateName, parseJsonObject, readParts } from './compact-parts.ts'
import { checkJweHeader, decryptJwe } from './decryption.ts'
import { type Fault, FaultList } from './faults.ts'
import { checkRegisteredClaims } from './registered-claims.ts'
import { readSerialization, type Serialized } from './serialization.ts'
import { unwrapSignature } from './signature-bytes.ts'
import { checkJwsHeader, type VerificationKeys, verifyJws } from './verification.ts'
import { checkVisitorClaims } from './visitor-claims.ts'

/** What a token is inspected with. What is left out is not checked, and the verdict says so. */
export interface InspectionKeys extends VerificationKeys {
  /** the recipient's RSA private key, which decrypts */
  recipientKey?: KeyObject | undefined
}

/** What the recipient would say of a token. */
export interface Inspection {
  /** `unverified`: nothing speaks against it, but it was not decrypted or not verified for want of a key */
  verdict: 'accepted' | 'refused' | 'unverified'
  /** in the order in which the recipient would meet them */
  faults: Fault[]
  /** what is worth knowing and not wrong */
  notes: string[]
  jwe?: { header: Record<string, unknown>; decrypted: boolean }
  jws?: {
    header: Record<string, unknown>
    compact: string
    /** the key of the recipient's that verified the signature */
    verifiedWith: KeyObject | undefined
  }
  /** as they stand in the token, whether verified or not */
  claims?: Record<string, unknown>
}

/** JWEs in each other that are opened: two are one too many already. */
const deepest = 3

class TokenInspection {
  readonly findings = new FaultList()
  readonly report: Partial<Pick<Inspection, 'jwe' | 'jws' | 'claims'>> = {}
  readonly #keys: InspectionKeys
  readonly #now: number

  /** @param now seconds since the epoch */
  constructor(keys: InspectionKeys, now: number) {
    this.#keys = keys
    this.#now = now
  }

  async inspect(text: string): Promise<void> {
    const serialized = readSerialization(text, 'The token', this.findings)
    if (serialized.kind === 'jwe') {
      return this.#jwe(serialized.parts, 1)
    }
    if (serialized.kind === 'jws') {
      this.findings.add('not_encrypted', 'The token is a JWS, not encrypted.')
      return this.#jws(serialized.parts)
    }
    if (serialized.kind === 'json') {
      this.findings.add('not_compact', 'The token is a JSON object.')
    } else if (!this.findings.faults.some(({ code }) => code === 'empty')) {
      const detail = 'A compact JWE has 5 parts between dots, a compact JWS 3; this has another number.'
      this.findings.add('not_compact', detail)
    }
  }

  async #jwe(given: readonly string[], depth: number): Promise<void> {
    const jwe = readParts(given, this.findings)
    if (jwe === undefined) {
      return
    }
    checkJweHeader(jwe.header, this.findings)
    this.report.jwe ??= { header: jwe.header, decrypted: false }
    if (this.#keys.recipientKey === undefined) {
      return
    }
    const content = await decryptJwe(jwe, this.#keys.recipientKey, this.findings)
    if (content === undefined) {
      return
    }
    this.report.jwe.decrypted = true
    await this.#content(Buffer.from(content).toString('utf8'), depth)
  }

  async #content(text: string, depth: number): Promise<void> {
    const inner: Serialized = readSerialization(text, 'The content of the JWE', this.findings)
    if (inner.kind === 'jws') {
      return this.#jws(inner.parts)
    }
    if (inner.kind === 'jwe') {
      this.findings.add('nested_twice', 'Inside the JWE is another JWE.')
      if (depth < deepest) {
        await this.#jwe(inner.parts, depth + 1)
      }
    } else if (inner.kind === 'json') {
      this.findings.add('plain_claims', 'Inside the JWE are plain claims, without a signature.')
      this.#claims(Buffer.from(text))
    } else if (!this.findings.faults.some(({ code }) => code === 'empty')) {
      this.findings.add('not_a_jws', 'Inside the JWE is no compact JWS.')
    }
  }

  async #jws(given: readonly string[]): Promise<void> {
    const [header = '', payload = '', signature = ''] = given
    const unwrapped = unwrapSignature(signature, this.findings) ?? signature
    const jws = readParts([header, payload, unwrapped], this.findings)
    if (jws === undefined) {
      return
    }
    const compact = jws.parts.join('.')
    this.report.jws = { header: jws.header, compact, verifiedWith: undefined }
    if (checkJwsHeader(jws.header, this.findings)) {
      await this.#verify(jws)
    }
    this.#payload(Buffer.from(jws.parts[1] as string, 'base64url'))
  }

  async #verify(jws: CompactParts): Promise<void> {
    const { publicKeys, otherKeys = [] } = this.#keys
    if (publicKeys.length + otherKeys.length === 0) {
      return
    }
    const verifiedWith = await verifyJws(jws, this.#keys, this.findings)
    this.report.jws = { ...(this.report.jws as NonNullable<Inspection['jws']>), verifiedWith }
  }

  #payload(payload: Buffer): void {
    const dots = payload.toString('latin1').split('.').length
    if (/^[\w-]+\.[\w-]+\./.test(payload.toString('latin1'))) {
      if (dots === 5) {
        this.findings.add('wrong_order', 'Inside the JWS is a JWE.')
        return
      }
      if (dots === 3) {
        this.findings.add('nested_twice', 'Inside the JWS is another JWS.')
        return
      }
    }
    this.#claims(payload)
  }

  #claims(bytes: Buffer): void {
    const claims = parseJsonObject(bytes)
    if (claims === undefined) {
      this.findings.add('claims_unreadable', 'The payload is not a JSON object.')
      return
    }
    if (duplicateName(bytes.toString('utf8'))) {
      this.findings.add('claim_twice', 'The claims have a name twice.')
    }
    this.report.claims = claims
    checkRegisteredClaims(claims, this.#now, this.findings)
    checkVisitorClaims(claims, this.findings)
  }

  verdict(): Inspection['verdict'] {
    if (this.findings.faults.some(({ severity }) => severity === 'refused')) {
      return 'refused'
    }
    return this.report.jws?.verifiedWith === undefined ? 'unverified' : 'accepted'
  }
}

/**
 * Inspects a token of any implementation as iAdvize would, and names everything that is wrong with it.
 * Source of the rules: iAdvize, "Authenticated Messaging - Important information and recommendations"; RFC 7515, 7516,
 * 7518, 7519; DESIGN's rules of a userId.
 *
 * @param text whatever is taken for a token; a bad one is an answer, never an exception. Bound its size beforehand.
 * @param now milliseconds since the epoch
 */
export async function inspectToken(text: string, keys: InspectionKeys, now: number): Promise<Inspection> {
  const inspection = new TokenInspection(keys, now / 1000)
  await inspection.inspect(text)
  const { findings, report } = inspection
  return { verdict: inspection.verdict(), faults: findings.faults, notes: findings.notes, ...report }
}
