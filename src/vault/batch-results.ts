import { PadlockError } from '../errors.ts'
import type { Signature } from '../token/signer.ts'
import { VaultError } from './client.ts'
import type { SignOutcomes } from './sign-queue.ts'

const signaturePattern = /^vault:v([1-9]\d*):([A-Za-z0-9_-]+)$/
const versionDisabled = /minimum encryption key version/i

/** Vault's refusal of a whole call as a code of ours, by Vault's own words (checked on Vault 1.21). */
export function signError(error: unknown): unknown {
  if (!(error instanceof VaultError) || error.code !== 'internal_error') return error
  const disabled = error.vaultMessages.some((message) => versionDisabled.test(message))
  return new PadlockError(disabled ? 'key_version_disabled' : 'signing_key_missing', { cause: error })
}

const invalid = () =>
  new PadlockError('signature_invalid', { detail: "Vault's answer holds no signature for this token." })

/** One item: `vault:v<version>:<base64url>` (marshaling_algorithm "jws"), or Vault's words why there is none. */
function outcome({ signature, error }: { signature?: unknown; error?: unknown }): Signature | PadlockError {
  if (typeof error === 'string' && error !== '') {
    return new PadlockError(versionDisabled.test(error) ? 'key_version_disabled' : 'signing_key_missing')
  }
  const match = typeof signature === 'string' ? signaturePattern.exec(signature) : null
  if (match === null) return invalid()
  return { keyVersion: Number(match[1]), signature: Buffer.from(match[2] as string, 'base64url') }
}

/**
 * Reads the answer to a signing call with `batch_input` (Vault API, "Sign data"): each result by its
 * `reference`, wherever it stands. A result without a reference is passed over; of two with the same one
 * neither is believed.
 *
 * @throws PadlockError `signature_invalid` when the answer is not a batch's at all
 */
export function batchOutcomes(answer: unknown): SignOutcomes {
  const results = (answer as { data?: { batch_results?: unknown } } | undefined)?.data?.batch_results
  if (!Array.isArray(results)) throw invalid()
  const outcomes = new Map<string, Signature | PadlockError>()
  for (const result of results as ({ reference?: unknown } | null)[]) {
    const reference = result?.reference
    if (typeof reference !== 'string') continue
    outcomes.set(reference, outcomes.has(reference) ? invalid() : outcome(result as object))
  }
  return outcomes
}

/** What came of a call: `ok` where it made one signature at least, otherwise the code of the first item. */
export function callCode(outcomes: SignOutcomes): string {
  const [first, ...others] = outcomes.values()
  const failed = (outcome: unknown) => outcome instanceof PadlockError
  return first instanceof PadlockError && others.every(failed) ? first.code : 'ok'
}
