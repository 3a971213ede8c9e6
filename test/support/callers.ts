import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'

/** What a caller's JWT says in the tests, unless a test says otherwise. */
export const issuer = 'https://issuer.test'
export const audience = 'padlock'

/** The issuer of callers' JWTs in the tests: a key pair of its own. */
export interface TestIssuer {
  publicKeyPem: string
  privateKey: KeyObject
  /** A JWT for a caller; claims set to undefined are left out. */
  token(claims?: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>
}

/** Makes an issuer with an RSA key. */
export function testIssuer(): TestIssuer {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    privateKey,
    token(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1000)
      const payload = {
        iss: issuer,
        aud: audience,
        sub: 'shop-backend',
        scope: 'issue:*',
        iat: now,
        exp: now + 600,
      }
      return new SignJWT({ ...payload, ...claims })
        .setProtectedHeader({ alg: 'RS256', ...header })
        .sign(privateKey)
    },
  }
}
