import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { JWK } from 'jose'
import t from 'tap'
import { callerAlgorithms, KeySetError, parseJwkSet, selectKey } from '../../src/http/jwk-set.ts'

const jwkOf = (key: KeyObject, members: object = {}): JWK => ({
  ...(key.export({ format: 'jwk' }) as JWK),
  ...members,
})
const rsa = (modulusLength = 2048, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent })
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
const algorithms = (jwk: object) => parseJwkSet({ keys: [jwk] })[0]?.algorithms

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
  for (const [what, jwk] of Object.entries(passedOver)) t.strictSame(parseJwkSet({ keys: [jwk] }), [], what)
  t.strictSame(parseJwkSet({ keys: [null, 1, 'x', [], {}] }), [])
  t.equal(parseJwkSet({ keys: [{ kty: 'what' }, jwkOf(good)] }).length, 1, 'the good ones stay')
})

t.test('what is no JWK Set is an error', async (t) => {
  for (const value of [null, undefined, 1, 'keys', [], {}, { keys: {} }, { keys: 'x' }]) {
    t.throws(() => parseJwkSet(value), KeySetError)
  }
  t.strictSame(parseJwkSet({ keys: [] }), [])
})

t.test('the public part alone is kept of a key that should never have been published whole', async (t) => {
  const [key] = parseJwkSet({ keys: [jwkOf(rsa().privateKey, { kid: 'a' })] })
  t.match(key?.pem, /^-----BEGIN PUBLIC KEY-----/)
  t.notMatch(key?.pem, /PRIVATE/)
})

t.test('a token names its key by kid and alg; what is not one single key is none', async (t) => {
  const keys = parseJwkSet({
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
  t.ok(selectKey(parseJwkSet({ keys: [same, { ...same }] }), 'c', 'RS256'), 'the same key twice is one')
  const rivals = [same, jwkOf(rsa().publicKey, { kid: 'c' })]
  t.equal(selectKey(parseJwkSet({ keys: rivals }), 'c', 'RS256'), undefined, 'two keys of one kid are none')
})
