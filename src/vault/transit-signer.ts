import { PadlockError } from '../errors.ts'
import type { Signature, Signer, SigningKey, SignOptions } from '../token/signer.ts'
import { type VaultClient, VaultError } from './client.ts'
import type { VaultSession } from './session.ts'

const signaturePattern = /^vault:v([1-9]\d*):([A-Za-z0-9_-]+)$/

/** Vault's refusals of a signature as codes of ours, by Vault's own words (checked on Vault 1.21). */
function signError(error: unknown): unknown {
  if (!(error instanceof VaultError) || error.code !== 'internal_error') return error
  const says = (pattern: RegExp) => error.vaultMessages.some((message) => pattern.test(message))
  if (says(/minimum encryption key version/i))
    return new PadlockError('key_version_disabled', { cause: error })
  return new PadlockError('signing_key_missing', { cause: error })
}

/** Reads `vault:v<version>:<base64url>` (Vault API, "Sign data", marshaling_algorithm "jws"). */
function parseSignature(value: unknown): Signature {
  const match = typeof value === 'string' ? signaturePattern.exec(value) : null
  if (match === null) {
    throw new PadlockError('signature_invalid', { detail: "Vault's answer holds no signature." })
  }
  return { keyVersion: Number(match[1]), signature: Buffer.from(match[2] as string, 'base64url') }
}

/** Signs with Vault's transit engine: RSASSA-PKCS1-v1_5 with SHA-256 over a digest, by a pinned version. */
export class TransitSigner implements Signer {
  readonly #client: VaultClient
  readonly #session: VaultSession
  readonly #mount: string

  constructor(client: VaultClient, session: VaultSession, mount: string) {
    this.#client = client
    this.#session = session
    this.#mount = mount
  }

  async sign(digest: Buffer, key: SigningKey, options: SignOptions): Promise<Signature> {
    const data = {
      input: digest.toString('base64'),
      prehashed: true,
      signature_algorithm: 'pkcs1v15',
      marshaling_algorithm: 'jws',
      key_version: key.version,
    }
    const timeoutMs = options.deadline - performance.now()
    if (timeoutMs <= 0) throw new PadlockError('vault_timeout')
    try {
      const answer = await this.#session.use((token) =>
        this.#client.write(`${this.#mount}/sign/${key.name}/sha2-256`, data, {
          token,
          timeoutMs,
          signal: options.signal,
          correlationId: options.correlationId,
        }),
      )
      return parseSignature((answer as { data?: { signature?: unknown } } | undefined)?.data?.signature)
    } catch (error) {
      throw signError(error)
    }
  }
}
