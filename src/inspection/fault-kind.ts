/** Which of the recipient's steps a fault stops, in their order; the development recipient answers with it. */
export type Stage =
  | 'malformed_token'
  | 'decryption_failed'
  | 'signature_invalid'
  | 'expired'
  | 'claims_invalid'

/**
 * `refused`: the recipient cannot accept the token. `risk`: it may accept it, but a rule of the vendor, of an RFC or
 * of a safe userId is broken.
 */
export type Severity = 'refused' | 'risk'

/** What one code of a fault stands for. */
export interface FaultKind {
  stage: Stage
  /** `refused` without it */
  severity?: Severity
  /** the likely cause, in one sentence; what is known of one token may say more */
  cause: string
}
