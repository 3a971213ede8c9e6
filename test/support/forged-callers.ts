import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import { audience, issuer } from './callers.ts'
import { type ForgedSignature, forgeJwt, rsaSigned } from './forged-jwt.ts'

/** The keys of an issuer of callers' JWTs, by the `kid` of each in its set; `other` is in no set. */
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const ed = generateKeyPairSync('ed25519')
export const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const jwkOf = (key: KeyObject, kid: string): JWK => ({
  ...(key.export({ format: 'jwk' }) as JWK),
  kid,
})

/** Seconds since the epoch. */
export const now = () => Math.floor(Date.now() / 1000)
export const claims = () => ({
  iss: issuer,
  aud: audience,
  sub: 'shop',
  scope: 'issue:*',
  iat: now(),
  exp: now() + 600,
})
export const header = { alg: 'RS256', kid: 'rsa' }
export const signed = rsaSigned(rsa.privateKey)
/** A JWT that is good but for the members that are given; undefined ones are left out. */
export const but = (members: object, headerMembers: object = {}, signature: ForgedSignature = signed) =>
  forgeJwt({ ...header, ...headerMembers }, { ...claims(), ...members }, signature)
export const good = () => but({})

/** The key set of that issuer. */
export const keySet = (): JWK[] => [
  jwkOf(rsa.publicKey, 'rsa'),
  jwkOf(ec.publicKey, 'ec'),
  jwkOf(ed.publicKey, 'ed'),
]
