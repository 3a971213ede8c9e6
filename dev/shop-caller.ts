import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { rsaKeyFile } from './rsa-key-file.ts'

/** `iss` and `aud` of the JWTs, as in docs/caller-jwt.md. */
const issuer = 'https://shop.example'
const audience = 'padlock'

/** The shop's backend as Padlock's caller, by a key pair of its own: the way of the programs in examples/. */
export interface ShopCaller {
  /** A JWT for `issue:*`, good for 23 hours. */
  token: string
  /** What `padlock serve` has of it. */
  serveEnv: Record<
    'PADLOCK_CALLER_PUBLIC_KEY_FILE' | 'PADLOCK_CALLER_ISSUER' | 'PADLOCK_CALLER_AUDIENCE',
    string
  >
  /** PKCS#8 PEM file of the private key */
  keyFile: string
}

/** Reads the shop's key pair from a folder, or makes it there, and signs a JWT with it. Development only. */
export async function shopCaller(folder: string): Promise<ShopCaller> {
  const keyFile = join(folder, 'caller-key.pem')
  const publicKeyFile = join(folder, 'caller.pub')
  const { privateKey, publicKeyPem } = await rsaKeyFile(keyFile)
  await writeFile(publicKeyFile, publicKeyPem)
  const token = await new SignJWT({ scope: 'issue:*' })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(issuer)
    .setSubject('shop-backend')
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('23h')
    .sign(privateKey)
  const serveEnv = {
    PADLOCK_CALLER_PUBLIC_KEY_FILE: publicKeyFile,
    PADLOCK_CALLER_ISSUER: issuer,
    PADLOCK_CALLER_AUDIENCE: audience,
  }
  return { token, serveEnv, keyFile }
}
