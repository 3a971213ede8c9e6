import { createHash, type KeyObject } from 'node:crypto'
import { compactDecrypt, compactVerify } from 'jose'
import t from 'tap'
import { acceptToken } from '../../dev/accept-token.ts'
import { checkedTokenRequest } from '../../src/token/claims.ts'
import { issueToken } from '../../src/token/issue.ts'
import type { Signer } from '../../src/token/signer.ts'
import { localSigner, type TokenParts, tokenParts } from '../support/token-parts.ts'

const now = Date.UTC(2026, 0, 1, 12, 0, 0, 999)
const options = { deadline: Number.POSITIVE_INFINITY }
async function issue({ profile, signer }: TokenParts, userId = 'u-1') {
  return issueToken(checkedTokenRequest({ userId }, profile.userIdRules), profile, signer, now, options)
}

async function jwsOf(token: string, recipientKey: KeyObject): Promise<string> {
  return new TextDecoder().decode((await compactDecrypt(token, recipientKey)).plaintext)
}

for (const bits of [2048, 3072, 4096]) {
  t.test(`a token signed with a key of ${bits} bits is accepted by the recipient`, async (t) => {
    const parts = await tokenParts({}, bits)
    const issued = await issue(parts)
    const receipt = await acceptToken(issued.token, {
      privateKey: parts.recipientKey,
      publicKeys: [parts.profile.pinnedKey.publicKey],
      now: new Date(now),
    })
    t.match(receipt, {
      accepted: true,
      jwe: { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' },
      jws: { alg: 'RS256' },
      claims: { 'https://iadvize.com/userId': 'u-1', iss: 'https://shop.test' },
      verifiedWith: parts.profile.pinnedKey.thumbprint,
    })
    const signature = (await jwsOf(issued.token, parts.recipientKey)).split('.')[2] as string
    t.equal(Buffer.from(signature, 'base64url').length, bits / 8)
  })
}

t.test('what is said of a token is what stands in it', async (t) => {
  const parts = await tokenParts({ tokenTtlSeconds: 3600 })
  const issued = await issue(parts)
  const { token, auditId, ...rest } = issued
  t.strictSame(rest, {
    issuedAt: '2026-01-01T12:00:00Z',
    expiresAt: '2026-01-01T13:00:00Z',
    expiresIn: 3600,
    keyVersion: 1,
  })
  const jws = await jwsOf(token, parts.recipientKey)
  const { payload, protectedHeader } = await compactVerify(jws, parts.profile.pinnedKey.publicKey)
  t.strictSame(protectedHeader, { alg: 'RS256' })
  t.equal(JSON.parse(new TextDecoder().decode(payload)).exp, Date.parse(rest.expiresAt) / 1000)
  t.equal(
    auditId,
    createHash('sha256')
      .update(jws.slice(0, jws.lastIndexOf('.')))
      .digest('base64url'),
  )
})

t.test('kid and typ stand in the JWS header where the profile asks for them', async (t) => {
  const parts = await tokenParts({ jwsHeader: { kid: true, typ: 'JWT' } })
  const jws = await jwsOf((await issue(parts)).token, parts.recipientKey)
  const { protectedHeader } = await compactVerify(jws, parts.profile.pinnedKey.publicKey)
  t.strictSame(protectedHeader, { alg: 'RS256', kid: parts.profile.pinnedKey.thumbprint, typ: 'JWT' })
})

t.test('a signer that signs with another key or another version gets no token out', async (t) => {
  const parts = await tokenParts()
  const other = await tokenParts()
  for (const signer of [other.signer, localSigner(parts.signingKey, 2)]) {
    await t.rejects(issue({ ...parts, signer }), { code: 'signature_invalid' })
  }
})

t.test('an id that is refused is never signed', async (t) => {
  const parts = await tokenParts()
  let asked = 0
  const signer: Signer = {
    sign: async (...call) => {
      asked += 1
      return parts.signer.sign(...call)
    },
  }
  for (const userId of ['', 'null', ' a', 'a'.repeat(256)]) {
    await t.rejects(issue({ ...parts, signer }, userId), { code: 'invalid_request' })
  }
  t.equal(asked, 0)
})
