import { constants, generateKeyPairSync, type KeyObject, privateEncrypt } from 'node:crypto'
import { importSPKI } from 'jose'
import { rsaThumbprint } from '../../src/keys/rsa-public-key.ts'
import type { Profile } from '../../src/token/profile.ts'
import type { Signer, SigningKey } from '../../src/token/signer.ts'
import { type UserIdSettings, userIdRules } from '../../src/token/user-id.ts'

/** A profile with keys of its own, and the private parts that Vault and the recipient would have. */
export interface TokenParts {
  profile: Profile
  /** signs as transit does: over the digest that it is given */
  signer: Signer
  signingKey: KeyObject
  recipientKey: KeyObject
}

/** What Vault does with a digest (Vault API, "Sign data", `prehashed` and `pkcs1v15`), without a Vault. */
export function localSigner(privateKey: KeyObject, keyVersion = 1): Signer {
  // DER of DigestInfo for SHA-256 (RFC 8017 §9.2, note 1): with it, a bare RSA signature is RS256's.
  const prefix = Buffer.from('3031300d060960864801650304020105000420', 'hex')
  const key = { key: privateKey, padding: constants.RSA_PKCS1_PADDING }
  return {
    sign: async (digest) => ({ signature: privateEncrypt(key, Buffer.concat([prefix, digest])), keyVersion }),
  }
}

/** Makes the parts of a token; `settings` change the profile. */
export async function tokenParts(
  settings: Partial<Profile> & UserIdSettings = {},
  modulusLength = 2048,
): Promise<TokenParts> {
  const signing = generateKeyPairSync('rsa', { modulusLength })
  const recipient = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const recipientPem = recipient.publicKey.export({ type: 'spki', format: 'pem' }) as string
  const pinnedKey: SigningKey = {
    name: 'padlock-shop',
    version: 1,
    publicKey: signing.publicKey,
    thumbprint: rsaThumbprint(signing.publicKey),
  }
  const profile: Profile = {
    name: 'shop',
    issuer: 'https://shop.test',
    signingKey: pinnedKey.name,
    signingKeyVersion: pinnedKey.version,
    tokenTtlSeconds: 60,
    recipientKeys: { [rsaThumbprint(recipient.publicKey)]: { publicKey: recipientPem } },
    activeRecipientKey: rsaThumbprint(recipient.publicKey),
    activatedAt: '2026-01-01T00:00:00Z',
    activatedBy: 'test',
    pinnedKey,
    recipientKey: await importSPKI(recipientPem, 'RSA-OAEP-256'),
    userIdRules: userIdRules(settings),
    ...settings,
  }
  return {
    profile,
    signer: localSigner(signing.privateKey),
    signingKey: signing.privateKey,
    recipientKey: recipient.privateKey,
  }
}
