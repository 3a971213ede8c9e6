import { PadlockError } from '../../errors.ts'
import type { Signature, SigningKey } from '../../token/signer.ts'
import type { VaultCallOptions, VaultClient } from '../client/client.ts'
import { VaultError } from '../client/vault-error.ts'

/** One signature of a call: the SHA-256 of what is signed, and the name by which its result is found. */
export interface SignCallItem {
  /** 32 bytes */
  digest: Buffer
  reference: string
}

/** What became of each item, by its reference. */
export type SignOutcomes = ReadonlyMap<string, Signature | PadlockError>

const signaturePattern = /^vault:v([1-9]\d*):([A-Za-z0-9_-]+)$/
/** Vault's own words (checked on Vault 1.21 and OpenBao). */
const versionDisabled = /minimum encryption key version/i
const versionUnknown = /higher than the latest key version/i

/** The node that answered knows the key, and no such version of it. */
class UnknownVersionError extends PadlockError {
  constructor() {
    super('signing_key_missing')
  }
}

/**
 * Asks Vault's transit engine for signatures (Vault API, "Sign data"): RSASSA-PKCS1-v1_5 over SHA-256 digests, by one
 * version of a key. Vault reads all parameters beside `batch_input`, and none inside it.
 *
 * The version is a string of decimal digits. Only for strings can a policy allow every version and refuse 0, which
 * stands for the newest one (`allowed_parameters` in vault-policies/signer.hcl).
 *
 * @param mount path of the transit engine, without slashes at its ends
 * @throws VaultError, or PadlockError `signing_key_missing`, `key_version_disabled`, and `signature_invalid` as
 *   `batchOutcomes` does
 */
export async function signCall(
  client: VaultClient,
  mount: string,
  key: SigningKey,
  items: readonly SignCallItem[],
  options: VaultCallOptions,
): Promise<SignOutcomes> {
  const data = {
    prehashed: true,
    signature_algorithm: 'pkcs1v15',
    marshaling_algorithm: 'jws',
    key_version: String(key.version),
    batch_input: items.map(({ digest, reference }) => ({ input: digest.toString('base64'), reference })),
  }
  const path = `${mount}/sign/${key.name}/sha2-256`
  const answer = await client.write(path, data, options).catch((error: unknown) => {
    throw refusalOf(error)
  })
  return batchOutcomes(answer, items.length)
}

/** Vault's refusal of a whole call, by a code of ours. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof VaultError) || error.code !== 'internal_error') {
    return error
  }
  const disabled = error.vaultMessages.some((message) => versionDisabled.test(message))
  return new PadlockError(disabled ? 'key_version_disabled' : 'signing_key_missing', { cause: error })
}

const invalid = () =>
  new PadlockError('signature_invalid', { detail: "Vault's answer holds no signature for this token." })

/** One item: `vault:v<version>:<base64url>` (marshaling_algorithm "jws"), or Vault's words why there is none. */
function outcome({ signature, error }: { signature?: unknown; error?: unknown }): Signature | PadlockError {
  if (typeof error === 'string' && error !== '') {
    if (versionUnknown.test(error)) {
      return new UnknownVersionError()
    }
    return new PadlockError(versionDisabled.test(error) ? 'key_version_disabled' : 'signing_key_missing')
  }
  const match = typeof signature === 'string' ? signaturePattern.exec(signature) : null
  if (match === null) {
    return invalid()
  }
  return { keyVersion: Number(match[1]), signature: Buffer.from(match[2] as string, 'base64url') }
}

/**
 * Reads the answer to a signing call: each result by its `reference`, wherever it stands. A result without a reference
 * is passed over; of two with the same one neither is believed.
 *
 * @param asked how many signatures the call asked for: Vault gives one result for each
 * @throws PadlockError `signature_invalid` when the answer is not a batch's at all, or has many more results
 */
export function batchOutcomes(answer: unknown, asked: number): SignOutcomes {
  const results = (answer as { data?: { batch_results?: unknown } } | undefined)?.data?.batch_results
  if (!Array.isArray(results) || results.length > 2 * asked) {
    throw invalid()
  }
  const outcomes = new Map<string, Signature | PadlockError>()
  for (const result of results as ({ reference?: unknown } | null)[]) {
    const reference = result?.reference
    if (typeof reference !== 'string') {
      continue
    }
    outcomes.set(reference, outcomes.has(reference) ? invalid() : outcome(result as object))
  }
  return outcomes
}

/** Whether Vault knows the key, and refuses every signature since it has no such version. */
export function lacksVersion(outcomes: SignOutcomes): boolean {
  return outcomes.size > 0 && outcomes.values().every((one) => one instanceof UnknownVersionError)
}

/** What came of a call: `ok` where it made one signature at least, otherwise the code of the first item. */
export function callCode(outcomes: SignOutcomes): string {
  const [first, ...others] = outcomes.values()
  const failed = (one: unknown) => one instanceof PadlockError
  return first instanceof PadlockError && others.every(failed) ? first.code : 'ok'
}
