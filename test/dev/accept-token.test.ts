import { generateKeyPairSync } from 'node:crypto'
import { CompactEncrypt, CompactSign, calculateJwkThumbprint, exportJWK } from 'jose'
import t from 'tap'
import { acceptToken } from '../../dev/accept-token.ts'

const recipient = generateKeyPairSync('rsa', { modulusLength: 2048 })
const customer = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })

const NOW = new Date('2026-01-02T03:04:05Z')
const EXP = NOW.getTime() / 1000 + 60
const USER_ID = 'https://iadvize.com/userId'
const VISITOR_DATA = 'https://iadvize.com/visitorData'
const GOOD = { iss: 'shop', exp: EXP, [USER_ID]: 'u1' }

const keys = { privateKey: recipient.privateKey, publicKeys: [customer.publicKey], now: NOW }
const accept = (token: string) => acceptToken(token, keys)
const bytes = (text: string) => new TextEncoder().encode(text)

function sign(payload: string, key = customer.privateKey, header: { alg: string } = { alg: 'RS256' }) {
  return new CompactSign(bytes(payload)).setProtectedHeader(header).sign(key)
}

function encrypt(jws: string, key = recipient.publicKey, alg = 'RSA-OAEP-256', enc = 'A256GCM') {
  return new CompactEncrypt(bytes(jws)).setProtectedHeader({ alg, enc, cty: 'JWT' }).encrypt(key)
}

async function tokenOf(claims: unknown): Promise<string> {
  return encrypt(await sign(JSON.stringify(claims)))
}

t.test('a good token is accepted, and told in full', async (t) => {
  const claims = { ...GOOD, [VISITOR_DATA]: { firstName: 'Zoé' } }
  t.same(await accept(await tokenOf(claims)), {
    accepted: true,
    jwe: { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' },
    jws: { alg: 'RS256' },
    claims,
    verifiedWith: await calculateJwkThumbprint(await exportJWK(customer.publicKey)),
  })
})

t.test('any of the public keys may verify, and the receipt says which', async (t) => {
  const publicKeys = [stranger.publicKey, customer.publicKey]
  t.match(await acceptToken(await tokenOf(GOOD), { ...keys, publicKeys }), {
    accepted: true,
    verifiedWith: await calculateJwkThumbprint(await exportJWK(customer.publicKey)),
  })
})

t.test('the time is now where none is given', async (t) => {
  const { privateKey, publicKeys } = keys
  const soon = Math.floor(Date.now() / 1000) + 60
  t.match(await acceptToken(await tokenOf({ ...GOOD, exp: soon }), { privateKey, publicKeys }), {
    accepted: true,
  })
  const past = soon - 120
  t.match(await acceptToken(await tokenOf({ ...GOOD, exp: past }), { privateKey, publicKeys }), {
    reason: 'expired',
  })
})

const good = await tokenOf(GOOD)
const jws = await sign(JSON.stringify(GOOD))
const changed = (token: string, part: number) => {
  const parts = token.split('.')
  const [first, ...rest] = parts[part] as string
  parts[part] = (first === 'A' ? 'B' : 'A') + rest.join('')
  return parts.join('.')
}

const refused: Record<string, [string, string]> = {
  'an empty text': ['', 'malformed_token'],
  'four parts': [good.split('.').slice(1).join('.'), 'malformed_token'],
  'a JWS that is not encrypted': [jws, 'malformed_token'],
  'a header that is not JSON': [`AAAA.${good.split('.').slice(1).join('.')}`, 'malformed_token'],
  'five JWS-like parts without enc': [`${jws}.x.y`, 'malformed_token'],
  'no JWS inside': [await encrypt('hello'), 'malformed_token'],
  'a token for another recipient': [await encrypt(jws, stranger.publicKey), 'decryption_failed'],
  'a changed encrypted key': [changed(good, 1), 'decryption_failed'],
  'a changed ciphertext': [changed(good, 3), 'decryption_failed'],
  'a changed tag': [changed(good, 4), 'decryption_failed'],
  'RSA-OAEP with SHA-1': [await encrypt(jws, recipient.publicKey, 'RSA-OAEP'), 'decryption_failed'],
  A128GCM: [await encrypt(jws, recipient.publicKey, 'RSA-OAEP-256', 'A128GCM'), 'decryption_failed'],
  'a stranger’s signature': [
    await encrypt(await sign(JSON.stringify(GOOD), stranger.privateKey)),
    'signature_invalid',
  ],
  'a changed payload': [await encrypt(changed(jws, 1)), 'signature_invalid'],
  'a PS256 signature': [
    await encrypt(await sign(JSON.stringify(GOOD), customer.privateKey, { alg: 'PS256' })),
    'signature_invalid',
  ],
  'no signature': [
    await encrypt(`${btoa('{"alg":"none"}').replace(/=+$/, '')}.${jws.split('.')[1]}.`),
    'signature_invalid',
  ],
  'claims that are not JSON': [await encrypt(await sign('hello')), 'claims_invalid'],
  'claims that are an array': [await tokenOf([GOOD]), 'claims_invalid'],
}
for (const [name, [token, reason]] of Object.entries(refused)) {
  t.test(`refuses ${name}: ${reason}`, async (t) => {
    t.match(await accept(token), { accepted: false, reason, detail: /^[A-Z].*\.$/ })
  })
}

const { iss, exp, ...userIdOnly } = GOOD
const claims: Record<string, [unknown, string | undefined]> = {
  'exp now': [{ ...GOOD, exp: NOW.getTime() / 1000 }, 'expired'],
  'exp one second from now': [{ ...GOOD, exp: NOW.getTime() / 1000 + 1 }, undefined],
  'no exp': [{ iss, ...userIdOnly }, 'claims_invalid'],
  'exp as text': [{ ...GOOD, exp: String(exp) }, 'claims_invalid'],
  'no iss': [{ exp, ...userIdOnly }, 'claims_invalid'],
  'an empty iss': [{ ...GOOD, iss: '' }, 'claims_invalid'],
  'no userId': [{ iss, exp }, 'claims_invalid'],
  'an empty userId': [{ ...GOOD, [USER_ID]: '' }, 'claims_invalid'],
  'a userId that is a number': [{ ...GOOD, [USER_ID]: 7 }, 'claims_invalid'],
  'a userId of 255 units': [{ ...GOOD, [USER_ID]: 'x'.repeat(255) }, undefined],
  'a userId of 256 units': [{ ...GOOD, [USER_ID]: 'x'.repeat(256) }, 'claims_invalid'],
  'a userId of 127 emoji and one letter': [{ ...GOOD, [USER_ID]: `${'😀'.repeat(127)}x` }, undefined],
  'a userId of 128 emoji': [{ ...GOOD, [USER_ID]: '😀'.repeat(128) }, 'claims_invalid'],
  'visitorData with a number': [{ ...GOOD, [VISITOR_DATA]: { zipCode: 75001 } }, 'claims_invalid'],
  'visitorData that is an array': [{ ...GOOD, [VISITOR_DATA]: [] }, 'claims_invalid'],
}
for (const [name, [payload, reason]] of Object.entries(claims)) {
  t.test(`${name}: ${reason ?? 'accepted'}`, async (t) => {
    t.match(await accept(await tokenOf(payload)), reason ? { accepted: false, reason } : { accepted: true })
  })
}
