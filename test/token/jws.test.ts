import { generateKeyPairSync, sign } from 'node:crypto'
import { compactVerify } from 'jose'
import t from 'tap'
import { compactJws } from '../../src/token/jws.ts'
import type { SigningKey } from '../../src/token/signer.ts'
import { signingInput } from '../../src/token/signing-input.ts'
import { userIdClaim } from '../../src/token/visitor-data.ts'
import { localSigner } from '../support/token-parts.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key: SigningKey = { name: 'padlock-shop', version: 3, publicKey, thumbprint: 'not used here' }
const input = signingInput({ alg: 'RS256' }, { iss: 'i', exp: 1, [userIdClaim]: 'u-1' })
const good = await localSigner(privateKey, 3).sign(input.digest, key, { deadline: Number.POSITIVE_INFINITY })
const refused = { name: 'PadlockError', code: 'signature_invalid' }

t.test('a good signature makes a compact JWS that another library verifies', async (t) => {
  const jws = compactJws(input, good, key)
  t.equal(jws, `${input.text}.${good.signature.toString('base64url')}`)
  const { payload, protectedHeader } = await compactVerify(jws, publicKey)
  t.strictSame(protectedHeader, { alg: 'RS256' })
  t.strictSame(JSON.parse(new TextDecoder().decode(payload)), { iss: 'i', exp: 1, [userIdClaim]: 'u-1' })
})

t.test('what does not verify never becomes a token', async (t) => {
  const data = Buffer.from(input.text)
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const flipped = Buffer.from(good.signature)
  flipped[17] = (flipped[17] as number) ^ 1
  const bad = {
    'by another key': sign('RSA-SHA256', data, other),
    'over other claims': sign('RSA-SHA256', Buffer.from(`${input.text}A`), privateKey),
    'PSS in place of PKCS#1 v1.5': sign('RSA-SHA256', data, { key: privateKey, padding: 6, saltLength: 32 }),
    'SHA-512 in place of SHA-256': sign('RSA-SHA512', data, privateKey),
    'one bit flipped': flipped,
    'one byte short': good.signature.subarray(1),
    'one byte too long': Buffer.concat([good.signature, Buffer.of(0)]),
    'all zero': Buffer.alloc(256),
    empty: Buffer.alloc(0),
  }
  for (const [what, signature] of Object.entries(bad)) {
    t.throws(() => compactJws(input, { signature, keyVersion: 3 }, key), refused, what)
  }
})

t.test('a good signature by another version than the pinned one is refused', async (t) => {
  for (const keyVersion of [2, 4, 0, Number.NaN]) {
    t.throws(() => compactJws(input, { ...good, keyVersion }, key), refused, String(keyVersion))
  }
})
