import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import t from 'tap'
import {
  callerAlgorithms,
  KeySetError,
  keyFault,
  parseJwkSet,
  selectKey,
} from '../../../src/http/callers/jwk-set.ts'

const jwkOf = (key: KeyObject, members: object = {}): JWK => ({
  ...(key.export({ format: 'jwk' }) as JWK),
  ...members,
})
const rsa = (modulusLength = 2048, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent })
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
const algorithms = (jwk: object) => parseJwkSet({ keys: [jwk] }).keys[0]?.algorithms

t.test('a key verifies the algorithms of its type and curve, and no others', async (t) => {
  t.strictSame(algorithms(jwkOf(rsa().publicKey)), ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])
  t.strictSame(algorithms(jwkOf(ec('P-256').publicKey)), ['ES256'])
  t.strictSame(algorithms(jwkOf(ec('P-384').publicKey)), ['ES384'])
  t.strictSame(algorithms(jwkOf(ec('P-521').publicKey)), ['ES512'])
  t.strictSame(algorithms(jwkOf(generateKeyPairSync('ed25519').publicKey)), ['EdDSA'])
  t.strictSame(algorithms(jwkOf(rsa().publicKey, { alg: 'PS256' })), ['PS256'], 'its own alg narrows it')
  t.notOk(callerAlgorithms.some((name) => /^HS|none/i.test(name)))
})

t.test('what cannot verify, or must not, is passed over', async (t) => {
  const good = rsa().publicKey
  const passedOver = {
    'a secret': { kty: 'oct', k: 'c2VjcmV0' },
    'for encryption': jwkOf(good, { use: 'enc' }),
    'for other operations': jwkOf(good, { key_ops: ['encrypt'] }),
    'of another algorithm': jwkOf(good, { alg: 'RSA-OAEP-256' }),
    'of an algorithm that is not its own': jwkOf(good, { alg: 'ES256' }),
    'too short': jwkOf(rsa(1024).publicKey),
    'with exponent 3': jwkOf(rsa(2048, 3).publicKey),
    'on secp256k1': jwkOf(ec('secp256k1').publicKey),
    'for key agreement': jwkOf(generateKeyPairSync('x25519').publicKey),
    'a point off the curve': { kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' },
    'a kid that is no string': jwkOf(good, { kid: 7 }),
    'half a key': { kty: 'RSA', n: 'AQAB' },
    'no key': { kty: 'what' },
  }
  for (const [what, jwk] of Object.entries(passedOver)) {
    t.strictSame(parseJwkSet({ keys: [jwk] }).keys, [], what)
  }
  t.strictSame(parseJwkSet({ keys: [null, 1, 'x', [], {}] }), {
    keys: [],
    unusable: { malformed: 3, algorithm: 2 },
  })
  const mixed = parseJwkSet({ keys: [{ kty: 'what' }, jwkOf(good)] })
  t.equal(mixed.keys.length, 1, 'the good ones stay')
  t.strictSame(mixed.unusable, { algorithm: 1 })
  t.strictSame(parseJwkSet({ keys: [jwkOf(rsa(1024).publicKey)] }).unusable, { weak: 1 })
})

t.test('what is no JWK Set is an error', async (t) => {
  for (const value of [null, undefined, 1, 'keys', [], {}, { keys: {} }, { keys: 'x' }]) {
    t.throws(() => parseJwkSet(value), KeySetError)
  }
  t.strictSame(parseJwkSet({ keys: [] }).keys, [])
  t.throws(() => parseJwkSet({ keys: Array(501).fill({}) }), KeySetError, 'more keys than an issuer has')
})

t.test(
  'a key whose private parts were published is not used: anyone who read it can be any caller',
  async (t) => {
    const privateKeys = {
      RSA: jwkOf(rsa().privateKey, { kid: 'a' }),
      'RSA with d alone': jwkOf(rsa().publicKey, { d: 'AQAB' }),
      'RSA with a prime': jwkOf(rsa().publicKey, { p: 'AQAB' }),
      EC: jwkOf(ec('P-256').privateKey),
      Ed25519: jwkOf(generateKeyPairSync('ed25519').privateKey),
    }
    for (const [what, jwk] of Object.entries(privateKeys)) {
      t.strictSame(parseJwkSet({ keys: [jwk] }), { keys: [], unusable: { private: 1 } }, what)
      t.equal(parseJwkSet({ keys: [jwk, jwkOf(rsa().publicKey)] }).keys.length, 1, `${what}: the others stay`)
    }
  },
)

t.test('a key that says Ed25519 (RFC 9864) verifies EdDSA, and spoils no set', async (t) => {
  const ed25519 = jwkOf(generateKeyPairSync('ed25519').publicKey, { alg: 'Ed25519' })
  t.strictSame(algorithms(ed25519), ['EdDSA'])
  t.strictSame(algorithms(jwkOf(generateKeyPairSync('ed448').publicKey, { alg: 'Ed448' })), ['EdDSA'])
  t.equal(parseJwkSet({ keys: [ed25519, jwkOf(rsa().publicKey)] }).keys.length, 2)
})

t.test('a token names its key by kid and alg; what is not one single key is none', async (t) => {
  const { keys } = parseJwkSet({
    keys: [
      jwkOf(rsa().publicKey, { kid: 'a' }),
      jwkOf(ec('P-256').publicKey, { kid: 'a' }),
      jwkOf(rsa().publicKey, { kid: 'b' }),
      jwkOf(generateKeyPairSync('ed25519').publicKey),
    ],
  })
  t.equal(selectKey(keys, 'a', 'RS256'), keys[0])
  t.equal(selectKey(keys, 'a', 'ES256'), keys[1], 'RFC 7517 §4.5: the same kid, another type')
  t.equal(selectKey(keys, 'b', 'PS512'), keys[2])
  t.equal(selectKey(keys, undefined, 'EdDSA'), keys[3], 'without kid, where there is no choice')
  t.equal(selectKey(keys, undefined, 'RS256'), undefined, 'without kid, where there is one')
  for (const kid of ['c', '', '__proto__', 'constructor', 'toString', '../a', 'A']) {
    t.equal(selectKey(keys, kid, 'RS256'), undefined, kid)
  }
  const same = jwkOf(rsa().publicKey, { kid: 'c' })
  t.ok(selectKey(parseJwkSet({ keys: [same, { ...same }] }).keys, 'c', 'RS256'), 'the same key twice is one')
  const rivals = [same, jwkOf(rsa().publicKey, { kid: 'c' })]
  const rival = parseJwkSet({ keys: rivals }).keys
  t.equal(selectKey(rival, 'c', 'RS256'), undefined, 'two keys of one kid are none')
  t.equal(keyFault(rival, 'c', 'RS256'), 'ambiguous_key')
  t.equal(keyFault(rival, undefined, 'RS256'), 'ambiguous_key')
  t.equal(keyFault(rival, 'c', 'ES256'), 'algorithm')
  t.equal(keyFault(rival, 'd', 'RS256'), 'unknown_key')
})
