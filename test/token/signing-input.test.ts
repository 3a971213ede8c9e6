import { createHash } from 'node:crypto'
import t from 'tap'
import type { ClaimsSet } from '../../src/token/claims.ts'
import { signingInput } from '../../src/token/signing-input.ts'
import { userIdClaim } from '../../src/token/visitor-data.ts'

const claims: ClaimsSet = { iss: 'https://shop.test', exp: 1_767_268_860, [userIdClaim]: 'Zoé/1+2?😀' }

t.test('the bytes to sign are the header and the claims, each base64url without padding', async (t) => {
  const { text } = signingInput({ alg: 'RS256' }, claims)
  const [header, payload, ...rest] = text.split('.')
  t.strictSame(rest, [])
  t.equal(header, 'eyJhbGciOiJSUzI1NiJ9')
  t.match(text, /^[\w-]+\.[\w-]+$/)
  t.equal(
    Buffer.from(payload as string, 'base64url').toString('utf8'),
    '{"iss":"https://shop.test","exp":1767268860,"https://iadvize.com/userId":"Zoé/1+2?😀"}',
  )
})

t.test('the digest is the SHA-256 of exactly those bytes', async (t) => {
  const { text, digest } = signingInput({ alg: 'RS256' }, claims)
  t.strictSame(digest, createHash('sha256').update(Buffer.from(text, 'ascii')).digest())
  t.equal(digest.length, 32)
})

t.test(
  'the same claims give the same bytes; kid and typ stand in the header where they are asked for',
  async (t) => {
    t.equal(signingInput({ alg: 'RS256' }, claims).text, signingInput({ alg: 'RS256' }, { ...claims }).text)
    const [header] = signingInput({ alg: 'RS256', kid: 'abc', typ: 'JWT' }, claims).text.split('.')
    t.equal(Buffer.from(header as string, 'base64url').toString(), '{"alg":"RS256","kid":"abc","typ":"JWT"}')
  },
)
