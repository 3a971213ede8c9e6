import { createPublicKey } from 'node:crypto'
import { PadlockError } from '../../errors.ts'
import { rsaFault } from '../../keys/rsa-public-key.ts'
import type { TransitKey } from './transit-keys.ts'

const because = (name: string, reason: string) =>
  new PadlockError('signing_key_missing', { detail: `The transit key ${name} ${reason}.` })

/**
 * Refuses a key whose private part could leave Vault, or which cannot make RS256 signatures.
 *
 * @param name for the message, where there is no key
 * @throws PadlockError `signing_key_missing` with the reason
 */
export function checkSigningKey(
  key: TransitKey | undefined,
  name = 'of this profile',
): asserts key is TransitKey {
  if (key === undefined) {
    throw because(name, 'does not exist')
  }
  if (key.exportable) {
    throw because(key.name, 'is exportable: its private key may already be outside Vault')
  }
  if (key.allowPlaintextBackup) {
    throw because(key.name, 'allows a plaintext backup: its private key may already be outside Vault')
  }
  if (key.softDeleted) {
    throw because(key.name, 'is soft-deleted: an administrator of OpenBao took it out of use')
  }
  if (key.type === 'external-key' || key.type === 'managed_key') {
    throw because(
      key.name,
      `is held outside (${key.type}), so its public key cannot be read; Padlock needs it`,
    )
  }
  if (!/^rsa-\d+$/.test(key.type)) {
    throw because(key.name, `is of type ${key.type}; RS256 needs an RSA key`)
  }
  for (const [version, { publicKey }] of key.versions) {
    const fault = faultOf(publicKey)
    if (fault === undefined) {
      continue
    }
    throw because(
      key.name,
      `has a version (${version}) that cannot sign RS256 (${fault}); RSA of 2,048 bits is the least`,
    )
  }
}

function faultOf(pem: string): string | undefined {
  try {
    return rsaFault(createPublicKey(pem))
  } catch {
    return 'not a public key'
  }
}
