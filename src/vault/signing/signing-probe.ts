import { createHash, randomUUID, verify } from 'node:crypto'
import { PadlockError } from '../errors.ts'
import type { SigningKey } from '../token/signer.ts'
import { batchOutcomes, signError } from './batch-results.ts'
import type { VaultClient } from './client.ts'
import type { VaultSession } from './session.ts'

/** What a probe's correlation id begins with: by it, Vault's audit log tells probes from tokens. */
export const probeCorrelationPrefix = 'padlock-probe-'

/**
 * What a probe signs. A JWS signing input is base64url and one dot (RFC 7515 §5.1): a text with spaces is none, so
 * its signature makes no token.
 */
export const probeText = 'Padlock probe: this text is not the signing input of any token.'

const probeDigest = createHash('sha256').update(probeText).digest('base64')
const timeoutMs = 5_000

/** Signs a probe with a version of a key and checks the signature. */
export type SigningProbe = (key: SigningKey) => Promise<void>

/**
 * A probe through Vault, on the service's own login and with the parameters that tokens are signed with.
 *
 * @returns throws PadlockError with a `vault_*` code, `signing_key_missing`, `key_version_disabled` or
 *   `signature_invalid`
 */
export function signingProbe(client: VaultClient, session: VaultSession, mount: string): SigningProbe {
  return async (key) => {
    const correlationId = probeCorrelationPrefix + randomUUID()
    const data = {
      prehashed: true,
      signature_algorithm: 'pkcs1v15',
      marshaling_algorithm: 'jws',
      key_version: key.version,
      batch_input: [{ input: probeDigest, reference: 'probe' }],
    }
    const path = `${mount}/sign/${key.name}/sha2-256`
    const answer = await session
      .use((token) => client.write(path, data, { token, timeoutMs, correlationId, idempotent: true }))
      .catch((error: unknown) => {
        throw signError(error)
      })
    const outcome = batchOutcomes(answer).get('probe')
    if (outcome instanceof Error) throw outcome
    const good =
      outcome !== undefined &&
      outcome.keyVersion === key.version &&
      verify('RSA-SHA256', Buffer.from(probeText), key.publicKey, outcome.signature)
    if (!good) throw new PadlockError('signature_invalid', { detail: 'The probe did not verify.' })
  }
}
