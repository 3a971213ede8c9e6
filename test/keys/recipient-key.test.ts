import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { calculateJwkThumbprint, type JWK } from 'jose'
import t from 'tap'
import { parseRecipientKey, RecipientKeyError } from '../../src/keys/recipient-key.ts'

const vector = (name: string) => readFileSync(join(import.meta.dirname, '../vectors', name), 'utf8')
const vendorKey = vector('iadvize-public-key.txt')
const certificate = vector('recipient-certificate.pem')

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()
const der = (key: KeyObject) => key.export({ type: 'spki', format: 'der' }).toString('base64')
const jwk = publicKey.export({ format: 'jwk' })

/** The fault that a text is refused for; undefined for one that is accepted. */
function faultOf(text: string | Uint8Array): string | undefined {
  try {
    parseRecipientKey(text)
    return undefined
  } catch (error) {
    if (!(error instanceof RecipientKeyError)) {
      throw error
    }
    return error.fault
  }
}

t.test("the vendor's published key, bare base64 as it is published", async (t) => {
  // Both computed with other tools: openssl, and jose's thumbprint.
  t.match(parseRecipientKey(vendorKey), {
    thumbprint: 'QspNamaz04P1Fh1DKF1IUvMLLiYJHmQhECR3ue0eJGU',
    fingerprint: 'sha256:ILHrw82GKGyYkRhqivSKmXnh8+LKRg5Ar4Wwprv3RFo',
  })
})

t.test('every form of a key gives the same key', async (t) => {
  const expected = {
    pem: spki(publicKey),
    thumbprint: await calculateJwkThumbprint(jwk as JWK),
    fingerprint: parseRecipientKey(spki(publicKey)).fingerprint,
    bits: 2048,
  }
  const wrapped = der(publicKey).replace(/(.{64})/g, '$1\r\n')
  for (const [form, text] of Object.entries({
    'SPKI PEM': spki(publicKey),
    'PEM with Windows line ends and a byte-order mark': `\uFEFF${spki(publicKey).replaceAll('\n', '\r\n')}`,
    'PKCS #1 PEM': publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    'bare base64': der(publicKey),
    'base64 in lines': wrapped,
    JWK: JSON.stringify(jwk),
    'JWK that says what it is for': JSON.stringify({
      ...jwk,
      use: 'enc',
      alg: 'RSA-OAEP-256',
      key_ops: ['wrapKey'],
    }),
    'JWK Set of one': JSON.stringify({ keys: [jwk] }),
    'a file of text': Buffer.from(spki(publicKey)),
    'a file that PowerShell wrote': Buffer.from(`\uFEFF${spki(publicKey)}`, 'utf16le'),
    'a file of DER': publicKey.export({ type: 'spki', format: 'der' }),
  })) {
    t.same(parseRecipientKey(text), expected, form)
  }
})

t.test('an X.509 certificate gives its key', async (t) => {
  // Computed with openssl.
  const fingerprint = 'sha256:6kbhHLMGj8kvQ5quO172x2D3nx4fSEKiVoLIFfh5heU'
  t.equal(parseRecipientKey(certificate).fingerprint, fingerprint)
  const base64 = certificate.replace(/-----.*-----/g, '')
  t.equal(parseRecipientKey(base64).fingerprint, fingerprint, 'without armour')
})

t.test('a private key is refused in every form, and no part of it is repeated', async (t) => {
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const privateJwk = privateKey.export({ format: 'jwk' })
  const encrypted = privateKey.export({
    type: 'pkcs8',
    format: 'der',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  })
  for (const [form, text] of Object.entries({
    'PKCS #8': pkcs8,
    'PKCS #1': privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    encrypted: privateKey
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString(),
    SEC1: ec.export({ type: 'sec1', format: 'pem' }).toString(),
    'without armour': privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    'PKCS #1 without armour': privateKey.export({ type: 'pkcs1', format: 'der' }).toString('base64'),
    JWK: JSON.stringify(privateJwk),
    'JWK with one private member': JSON.stringify({ ...jwk, d: privateJwk.d }),
    'JWK Set': JSON.stringify({ keys: [privateJwk] }),
    'symmetric JWK': JSON.stringify({ kty: 'oct', k: 'AAAA' }),
    'after the public one': spki(publicKey) + pkcs8,
    OpenSSH: '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----',
    'under a PUBLIC KEY label': pkcs8.replaceAll('PRIVATE', 'PUBLIC'),
    'a file of DER': privateKey.export({ type: 'pkcs8', format: 'der' }),
    'DER under a password': encrypted,
    'DER under a password, as base64': encrypted.toString('base64'),
    'PFX (RFC 7292), as it begins': Buffer.from('308209ba020103308209700609', 'hex'),
    'PFX as base64': Buffer.from('308209ba020103308209700609', 'hex').toString('base64'),
    'Java key store': Buffer.from('feedfeed0000000200000001', 'hex'),
    'JSON around a PEM': JSON.stringify({ type: 'service_account', private_key: pkcs8 }),
    PGP: '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOY\n-----END PGP PRIVATE KEY BLOCK-----',
    PuTTY: 'PuTTY-User-Key-File-3: ssh-rsa\nPrivate-Lines: 1\nAAAA',
  })) {
    t.equal(faultOf(text), 'private_key', form)
  }
  try {
    parseRecipientKey(pkcs8)
  } catch (error) {
    const { message, stack, cause } = error as Error
    t.match(message, 'PRIVATE key')
    const body = pkcs8.split('\n')[1] as string
    t.notOk(`${message}${stack}${String(cause)}`.includes(body.slice(0, 12)))
  }
})

t.test('keys that RSA-OAEP-256 must not use', async (t) => {
  const rsa = (modulusLength: number) => spki(generateKeyPairSync('rsa', { modulusLength }).publicKey)
  t.equal(faultOf(rsa(1024)), 'too_short')
  t.equal(faultOf(rsa(2047)), 'too_short')
  t.equal(faultOf(rsa(2048)), undefined)
  t.equal(faultOf(rsa(3072)), undefined)
  t.equal(faultOf(spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)), 'not_rsa')
  t.equal(faultOf(spki(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)), 'not_rsa')
  t.equal(faultOf(spki(generateKeyPairSync('ed25519').publicKey)), 'not_rsa')
  t.equal(faultOf(JSON.stringify({ kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) })), 'not_rsa')
})

t.test('an exponent that is even, tiny or huge is refused (NIST SP 800-56B Rev. 2)', async (t) => {
  const withExponent = (exponent: bigint) => {
    const hex = exponent.toString(16)
    const e = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
    return faultOf(JSON.stringify({ ...jwk, e }))
  }
  for (const exponent of [1n, 2n, 3n, 17n, 65_535n, 65_536n, 65_538n, 2n ** 256n + 1n]) {
    t.equal(withExponent(exponent), 'bad_exponent', `e = ${exponent}`)
  }
  t.equal(withExponent(65_537n), undefined)
  t.equal(withExponent(65_539n), undefined)
})

t.test('a damaged or endless modulus is found before the first token', async (t) => {
  const modulus = Buffer.from(jwk.n as string, 'base64url')
  modulus[modulus.length - 1] = 0xfe & (modulus.at(-1) as number)
  t.equal(faultOf(JSON.stringify({ ...jwk, n: modulus.toString('base64url') })), 'bad_modulus', 'even')
  const huge = Buffer.alloc(2049, 0xff).toString('base64url')
  t.equal(faultOf(JSON.stringify({ ...jwk, n: huge })), 'too_long', 'more than 16,384 bits')
})

t.test('a JWK that says it is for something else', async (t) => {
  for (const member of [
    { use: 'sig' },
    { alg: 'RS256' },
    { alg: 'RSA-OAEP' },
    { key_ops: ['verify'] },
    { key_ops: 1 },
  ]) {
    t.equal(faultOf(JSON.stringify({ ...jwk, ...member })), 'wrong_use', JSON.stringify(member))
  }
})

t.test('several keys, and what is no key', async (t) => {
  t.equal(faultOf(spki(publicKey) + spki(publicKey)), 'several_keys')
  t.equal(faultOf(certificate + certificate), 'several_keys')
  t.equal(faultOf(JSON.stringify({ keys: [jwk, jwk] })), 'several_keys')
  t.equal(faultOf(JSON.stringify({ keys: [] })), 'several_keys')
  for (const text of [
    '',
    ' \n',
    'hello',
    '{',
    '{}',
    'null',
    '[]',
    'AAAA',
    `${der(publicKey).slice(0, 80)}`,
    `${der(publicKey)}!`,
    '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
    'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ',
    JSON.stringify({ kty: 'RSA', n: 1, e: 'AQAB' }),
  ]) {
    t.equal(faultOf(text), 'not_a_key', JSON.stringify(text).slice(0, 40))
  }
})

t.test('what is stored reads back to the same key', async (t) => {
  const first = parseRecipientKey(vendorKey)
  t.same(parseRecipientKey(first.pem), first)
  t.equal(createPublicKey(first.pem).asymmetricKeyDetails?.modulusLength, 2048)
})
