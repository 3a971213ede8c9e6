import { createHash, randomUUID, verify } from 'node:crypto'
import { PadlockError } from '../../errors.ts'
import type { SigningKey } from '../../token/signer.ts'
import type { VaultClient } from '../client/client.ts'
import type { VaultSession } from '../session/session.ts'
import { signCall } from './sign-call.ts'

/** What a probe's correlation id begins with: in Vault's audit log it distinguishes probes from tokens. */
export const probeCorrelationPrefix = 'padlock-probe-'

/**
 * What a probe signs. A JWS signing input is base64url and one dot (RFC 7515 §5.1): a text with spaces is none, so
 * its signature makes no token.
 */
export const probeText = 'Padlock probe: this text is not the signing input of any token.'

const probeDigest = createHash('sha256').update(probeText).digest()
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
    const items = [{ digest: probeDigest, reference: 'probe' }]
    const outcomes = await session.use((token) =>
      signCall(client, mount, key, items, { token, timeoutMs, correlationId, idempotent: true }),
    )
    const outcome = outcomes.get('probe')
    if (outcome instanceof Error) {
      throw outcome
    }
    const good =
      outcome !== undefined &&
      outcome.keyVersion === key.version &&
      verify('RSA-SHA256', Buffer.from(probeText), key.publicKey, outcome.signature)
    if (!good) {
      throw new PadlockError('signature_invalid', { detail: 'The probe did not verify.' })
    }
  }
}
