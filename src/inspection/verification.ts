import { constants, createHash, type KeyObject, verify } from 'node:crypto'
import { compactVerify } from 'jose'
import { keyFingerprint, rsaThumbprint } from '../keys/rsa-public-key.ts'
import type { CompactParts } from './compact-parts.ts'
import { named } from './decryption.ts'
import type { FaultList } from './faults.ts'
import { checkSignatureLength } from './signature-bytes.ts'

/** The customer's RSA keys. */
export interface VerificationKeys {
  /** what the recipient has: any of them may verify */
  publicKeys: readonly KeyObject[]
  /** other versions, to name the one that signed */
  otherKeys?: readonly KeyObject[] | undefined
}

/** @returns false where the header alone says that no signature of RS256 is here */
export function checkJwsHeader(header: Readonly<Record<string, unknown>>, findings: FaultList): boolean {
  const { alg } = header
  if ('crit' in header) {
    findings.add('jws_crit', 'The JWS has a "crit" header.')
  }
  if (alg === 'RS256') {
    return !('crit' in header)
  }
  const says = `The JWS says "alg" ${named(alg)}, not RS256.`
  if (/^none$/i.test(String(alg))) {
    findings.add('unsigned', says)
  } else if (/^HS\d+$/.test(String(alg))) {
    findings.add('symmetric_signature', says)
  } else if (/^PS\d+$/.test(String(alg))) {
    findings.add('signature_pss', says)
  } else {
    findings.add('jws_alg', says)
  }
  return false
}

type Check = (input: Buffer, key: KeyObject, signature: Buffer) => boolean

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()
const pss: Check = (input, key, signature) =>
  ['sha256', 'sha384', 'sha512', 'sha1'].some((hash) =>
    verify(
      hash,
      input,
      { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
      signature,
    ),
  )
const rs256Of =
  (make: (input: Buffer) => Buffer): Check =>
  (input, key, signature) =>
    verify('sha256', make(input), key, signature)
const anyOf =
  (...checks: Check[]): Check =>
  (...args) =>
    checks.some((check) => check(...args))

const payloadOf = (input: Buffer) => input.toString('latin1').split('.')[1] as string

/** What else a signature of the right key can be. */
const diagnoses = {
  signature_pss: [pss, 'The header says RS256, but the signature is RSASSA-PSS.'],
  signature_hash: [
    (input, key, signature) =>
      ['sha1', 'sha384', 'sha512'].some((hash) => verify(hash, input, key, signature)),
    'The signature is of another hash than SHA-256.',
  ],
  signature_double_digest: [
    rs256Of(sha256),
    'What is signed is the SHA-256 of the SHA-256 of the signing input.',
  ],
  signature_digest_text: [
    anyOf(
      ...(['hex', 'base64', 'base64url'] as const).map((form) =>
        rs256Of((input) => Buffer.from(sha256(input).toString(form))),
      ),
    ),
    "What is signed is a text of the signing input's SHA-256.",
  ],
  signature_wrong_input: [
    anyOf(
      rs256Of((input) => Buffer.from(payloadOf(input))),
      rs256Of((input) => Buffer.from(payloadOf(input), 'base64url')),
    ),
    'What is signed is the payload without the header.',
  ],
} satisfies Partial<Record<string, [Check, string]>>

function nameFault(input: Buffer, signature: Buffer, keys: readonly KeyObject[], findings: FaultList): void {
  const sizes = keys.map((key) => Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8))
  if (checkSignatureLength(signature, [...new Set(sizes)], findings)) {
    return
  }
  for (const [code, [check, detail]] of Object.entries(diagnoses)) {
    if (keys.some((key) => check(input, key, signature))) {
      findings.add(code as keyof typeof diagnoses, detail)
      return
    }
  }
  const which =
    keys.length === 1 ? 'The public key does not verify' : `None of ${keys.length} public keys verifies`
  findings.add('signature_wrong_key', `${which} the signature.`)
}

function checkKeyId(kid: unknown, signer: KeyObject, keys: readonly KeyObject[], findings: FaultList): void {
  if (typeof kid !== 'string') {
    return
  }
  const thumbprint = rsaThumbprint(signer)
  if (kid === thumbprint) {
    return
  }
  if (keys.some((key) => rsaThumbprint(key) === kid)) {
    findings.add('kid_mismatch', 'The "kid" names another key than the one that verifies the signature.')
  } else {
    findings.notes.push(`The "kid" is not the RFC 7638 thumbprint of the key that verifies, ${thumbprint}.`)
  }
}

/**
 * Verifies a JWS whose header says RS256; where that fails, says why.
 *
 * @returns the key that verified, among those that the recipient has
 */
export async function verifyJws(
  { parts, header }: CompactParts,
  { publicKeys, otherKeys = [] }: VerificationKeys,
  findings: FaultList,
): Promise<KeyObject | undefined> {
  const verifies = async (key: KeyObject) =>
    compactVerify(parts.join('.'), key, { algorithms: ['RS256'] }).then(
      () => true,
      () => false,
    )
  const all = [...publicKeys, ...otherKeys]
  for (const key of publicKeys) {
    if (!(await verifies(key))) {
      continue
    }
    checkKeyId(header.kid, key, all, findings)
    return key
  }
  for (const key of otherKeys) {
    if (!(await verifies(key))) {
      continue
    }
    const detail = `Another key of the JWK Set verifies the signature, ${keyFingerprint(key)}, not the public key given.`
    findings.add('signature_wrong_key_version', detail)
    return undefined
  }
  const [protectedHeader, payload, signature] = parts as [string, string, string]
  nameFault(Buffer.from(`${protectedHeader}.${payload}`), Buffer.from(signature, 'base64url'), all, findings)
  return undefined
}
