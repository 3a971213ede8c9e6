/** Why the recipient refuses a token. */
export type RefusalReason =
  | 'malformed_token'
  | 'decryption_failed'
  | 'signature_invalid'
  | 'expired'
  | 'claims_invalid'

/** Thrown inside the recipient, and told to the caller as a receipt. */
export class Refusal extends Error {
  readonly reason: RefusalReason
  /** @param detail one sentence for the developer who reads the receipt */
  constructor(reason: RefusalReason, detail: string) {
    super(detail)
    this.reason = reason
  }
}
