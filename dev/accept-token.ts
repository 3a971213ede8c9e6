import type { KeyObject } from 'node:crypto'
import type { Stage } from '../src/inspection/fault-kind.ts'
import { type Fault, type FaultCode, faultKinds } from '../src/inspection/faults.ts'
import { type Inspection, inspectToken } from '../src/inspection/inspect.ts'
import { rsaThumbprint } from '../src/keys/rsa-public-key.ts'

/** What the recipient makes of a token. */
export type Receipt =
  | {
      accepted: true
      /** The JWE's protected header. */
      jwe: Record<string, unknown>
      /** The JWS's protected header. */
      jws: Record<string, unknown>
      claims: Record<string, unknown>
      /** RFC 7638 thumbprint of the public key that verified the signature. */
      verifiedWith: string
    }
  | {
      accepted: false
      /** the step at which it ended */
      reason: Stage
      /** the first fault that ends it, as `padlock token inspect` names it */
      code: FaultCode
      detail: string
      /** how the fault likely came about */
      cause: string
    }

export interface RecipientKeys {
  /** The recipient's RSA key, which decrypts. */
  privateKey: KeyObject
  /** The customer's RSA keys, any of which may verify. */
  publicKeys: KeyObject[]
  /** The time to judge `exp` by; now, without it. */
  now?: Date
}

/** The fault that ends an inspection for the recipient, which has no use for a token that it could not verify. */
function endingFault({ faults, jws }: Inspection): Fault | undefined {
  const fault = faults.find(({ severity }) => severity === 'refused')
  if (fault !== undefined || jws?.verifiedWith !== undefined) {
    return fault
  }
  const { stage, cause } = faultKinds.signature_wrong_key
  const detail = 'There is no public key to verify the signature with.'
  return { code: 'signature_wrong_key', severity: 'refused', stage, detail, cause }
}

/** An inspection as the recipient's answer. */
export function receiptOf(inspection: Inspection): Receipt {
  const fault = endingFault(inspection)
  if (fault) {
    const { stage: reason, code, detail, cause } = fault
    return { accepted: false, reason, code, detail, cause }
  }
  const { jwe, jws, claims } = inspection as Required<Inspection>
  const verifiedWith = rsaThumbprint(jws.verifiedWith as KeyObject)
  return { accepted: true, jwe: jwe.header, jws: jws.header, claims, verifiedWith }
}

/**
 * Does what iAdvize says it does with a token: decrypts it, verifies it, and reads who the visitor is.
 * Source of the rules: iAdvize, "Authenticated Messaging - Important information and recommendations".
 *
 * @param token a compact JWE
 * @returns a receipt; a bad token is an answer, never an exception
 */
export async function acceptToken(token: string, keys: RecipientKeys): Promise<Receipt> {
  const { privateKey: recipientKey, publicKeys, now } = keys
  return receiptOf(await inspectToken(token, { recipientKey, publicKeys }, now?.getTime() ?? Date.now()))
}
