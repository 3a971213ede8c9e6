import t from 'tap'
import { attacks } from '../../support/caller-attacks.ts'
import { audience } from '../../support/callers.ts'
import { but, ec, ed, good, jwkOf, keySet, now, other, rsa } from '../../support/forged-callers.ts'
import { ecSigned, edSigned, hmacSigned, pssSigned, rsaSigned } from '../../support/forged-jwt.ts'
import { HostileRequests } from '../../support/hostile.ts'
import { jwksServer } from '../../support/jwks-server.ts'
import { type Answer, answerOf } from '../../support/problem.ts'
import { rawPost, sendRaw } from '../../support/raw-http.ts'
import { startService, testBackend } from '../../support/service.ts'

const backend = await testBackend(t)
await backend.addProfile('listed', { callers: ['known-shop'] })
const issuerKeys = await jwksServer(t, keySet())
/** What a token's header would have Padlock fetch. */
const bait = await jwksServer(t, [jwkOf(other.publicKey, 'rsa')])
const service = await startService(t, backend, {
  PADLOCK_CALLER_PUBLIC_KEY_FILE: '',
  PADLOCK_CALLER_JWKS_URL: issuerKeys.url,
})
const hostile = new HostileRequests()

async function post(authorization: string | undefined): Promise<Answer> {
  const headers = {
    'content-type': 'application/json',
    ...(authorization === undefined ? {} : { authorization }),
  }
  const body = '{"userId":"u-1"}'
  return answerOf(await fetch(`${service.url}/v1/profiles/default/tokens`, { method: 'POST', headers, body }))
}

t.test('every caller whose token is good gets in, whatever its algorithm', async (t) => {
  const tokens = {
    RS256: good(),
    RS512: but({}, { alg: 'RS512' }, rsaSigned(rsa.privateKey, 'sha512')),
    PS256: but({}, { alg: 'PS256' }, pssSigned(rsa.privateKey)),
    ES256: but({}, { alg: 'ES256', kid: 'ec' }, ecSigned(ec.privateKey)),
    EdDSA: but({}, { alg: 'EdDSA', kid: 'ed' }, edSigned(ed.privateKey)),
    'without kid, where one key alone fits': but({}, { kid: undefined }),
    'aud among others': but({ aud: ['other', audience] }),
    'a fraction of a second in exp': but({ exp: now() + 600.5, iat: now() - 0.25 }),
    'without iat, and 24 hours long': but({ iat: undefined, exp: now() + 86_400 }),
    'typ at+jwt (RFC 9068)': but({}, { typ: 'at+jwt' }),
    'x5t, as Microsoft sends it': but({}, { x5t: 'AAAA', typ: 'JWT' }),
    'jku, as SAP sends it': but({}, { jku: bait.url }),
    x5u: but({}, { x5u: bait.url }),
    x5c: but({}, { x5c: [rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] }),
    'x5c with what is no certificate': but({}, { x5c: 'x' }),
    jwk: but({}, { jwk: jwkOf(rsa.publicKey, 'rsa') }),
    "another one's jwk, which nobody reads": but({}, { jwk: jwkOf(other.publicKey, 'rsa') }),
    zip: but({}, { zip: 'DEF' }),
    enc: but({}, { enc: 'A256GCM' }),
    b64: but({}, { b64: true }),
    'what nobody knows': but({}, { shop: { a: [1] }, cty: 'x', 'x5t#S256': 7 }),
    'scope as an array': but({ scope: ['read', 'issue:default'] }),
    'within the clock tolerance': but({ iat: now() + 3, nbf: now() + 3 }),
  }
  for (const [what, token] of Object.entries(tokens)) {
    t.equal((await post(`Bearer ${token}`)).status, 200, what)
  }
  t.equal((await post(`bearer   ${good()}`)).status, 200, 'the scheme has no case, and any number of spaces')
})

t.test(
  'every token that is not good gets 401 with one and the same body, whatever is wrong with it',
  async (t) => {
    const answers = new Set<string>()
    const all = Object.entries(attacks(bait.url))
    // One after another, and again all at once from the last to the first: no order makes a difference.
    const judge = (what: string, answer: Answer) => {
      const faults = hostile.faults(answer, 'unauthenticated')
      if (faults.length > 0) {
        t.fail(`${what}: ${faults.join(', ')}`)
      }
      answers.add(answer.body.replace(/"requestId":"[^"]{36}"/, '"requestId":"?"'))
    }
    for (const [what, authorization] of all) {
      judge(what, await post(authorization))
    }
    await Promise.all(
      all.reverse().map(async ([what, authorization]) => judge(what, await post(authorization))),
    )
    judge('no header', await post(undefined))
    t.equal(answers.size, 1)
    t.comment(`${all.length} attacks by token`)
  },
)

t.test(
  'the challenge says invalid_token where a bearer token came, and nothing where none came',
  async (t) => {
    const challenge = async (authorization?: string) =>
      (await post(authorization)).headers.get('www-authenticate')
    for (const none of [undefined, '', 'Bearer', 'Bearer ', 'Basic c2hvcDpzZWNyZXQ=']) {
      t.equal(await challenge(none), 'Bearer', String(none))
    }
    for (const bad of ['Bearer x', `Bearer ${but({ iss: 'x' })}`]) {
      t.equal(await challenge(bad), 'Bearer error="invalid_token"')
    }
  },
)

t.test('several Authorization headers are 401, though Node shows the first alone', async (t) => {
  const bad = but({ exp: now() - 3_600 })
  const field = (token: string, name = 'Authorization') => `${name}: Bearer ${token}`
  const junk = Array.from({ length: 800 }, (_, i) => `X${i}: 1`)
  for (const headers of [
    [field(good()), field(good())],
    [field(good()), field(bad)],
    [field(bad), field(good())],
    [field(good()), field(good(), 'AUTHORIZATION')],
    [field(good()), 'Authorization: Basic c2hvcDpzZWNyZXQ='],
    [field(good()), 'Authorization:'],
    [field(good()), ...junk, field(good())],
  ]) {
    const request = rawPost(['Content-Type: application/json', ...headers], '{"userId":"u-1"}')
    const [answer] = await sendRaw(service.url, [request], 1)
    t.strictSame(hostile.faults(answer as Answer, 'unauthenticated'), [])
  }
})

t.test('a token is taken from the Authorization header alone', async (t) => {
  const path = `/v1/profiles/default/tokens?access_token=${good()}&token=${good()}`
  for (const headers of [
    [`Cookie: token=${good()}`],
    [`Proxy-Authorization: Bearer ${good()}`],
    [`X-Authorization: Bearer ${good()}`],
  ]) {
    const request = rawPost(['Content-Type: application/json', ...headers], '{"userId":"u-1"}', path)
    const [answer] = await sendRaw(service.url, [request], 1)
    t.strictSame(hostile.faults(answer as Answer, 'unauthenticated'), [])
  }
})

t.test('a caller without a right to the profile gets 403, and no other caller learns anything', async (t) => {
  const to = (profile: string, members: object) =>
    service.issue({ userId: 'u-1' }, { profile, headers: { authorization: `Bearer ${but(members)}` } })
  for (const scope of [
    undefined,
    '',
    'issue',
    'issue:',
    'issue:other',
    'issue:defaul',
    'xissue:default',
    'ISSUE:DEFAULT',
    'issue:default,issue:*',
  ]) {
    t.strictSame(
      hostile.faults(await answerOf(await to('default', { scope })), 'forbidden'),
      [],
      String(scope),
    )
  }
  for (const profile of [
    'listed',
    'nowhere',
    'a%2Fb',
    'unknown%20issue:*',
    'constructor',
    '__proto__',
    '*',
  ]) {
    t.strictSame(
      hostile.faults(await answerOf(await to(profile, { scope: 'issue:default' })), 'forbidden'),
      [],
      profile,
    )
  }
  for (const scope of [
    null,
    7,
    true,
    {},
    { 'issue:*': true },
    [],
    ['issue'],
    ['read issue:*'],
    [['issue:*']],
  ]) {
    const what = `scope ${JSON.stringify(scope)}`
    t.strictSame(hostile.faults(await answerOf(await to('default', { scope })), 'forbidden'), [], what)
    t.equal((await to('listed', { scope, sub: 'known-shop' })).status, 200, `${what} of a listed sub`)
  }
  for (const scope of ['read issue:default', ['read', 'issue:default'], ['issue:*']]) {
    t.equal((await to('default', { scope })).status, 200, JSON.stringify(scope))
  }
  t.equal((await to('listed', { scope: undefined, sub: 'known-shop' })).status, 200)
  for (const sub of ['Known-shop', 'known-shop ', 'shop']) {
    t.strictSame(
      hostile.faults(await answerOf(await to('listed', { scope: undefined, sub })), 'forbidden'),
      [],
      sub,
    )
  }
})

t.test('where the key is a PEM file, its text is no HMAC secret and a kid names nothing else', async (t) => {
  const withFile = await startService(t, backend)
  const { privateKey, publicKeyPem } = backend.callers
  const send = async (token: string) =>
    answerOf(await withFile.issue({ userId: 'u-1' }, { headers: { authorization: `Bearer ${token}` } }))
  t.equal((await send(but({}, { kid: '../../etc/passwd' }, rsaSigned(privateKey)))).status, 200)
  for (const secret of [publicKeyPem, publicKeyPem.trimEnd(), '']) {
    const forged = but({}, { alg: 'HS256' }, hmacSigned(secret))
    t.strictSame(hostile.faults(await send(forged), 'unauthenticated'), [])
  }
  t.strictSame(hostile.faults(await send(good()), 'unauthenticated'), [], "another issuer's token")
})

t.test('no token made Padlock fetch anything', async (t) => {
  t.equal(bait.requests, 0)
  t.ok(issuerKeys.requests <= 3, `${issuerKeys.requests} requests to the JWKS URL in the whole test`)
})

t.test('figures', async (t) => hostile.report(t))
