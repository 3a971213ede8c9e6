import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { CompactEncrypt, FlattenedEncrypt, GeneralSign } from 'jose'
import t from 'tap'
import { type FaultCode, faultKinds } from '../../src/inspection/faults.ts'
import { inspectToken } from '../../src/inspection/inspect.ts'
import { rsaThumbprint } from '../../src/keys/rsa-public-key.ts'
import {
  changed,
  encoded,
  goodClaims,
  goodJweHeader,
  jwe,
  jws,
  keys,
  now,
  oaepSha1,
  pkcs1,
  pss,
  renamed,
  rs256,
  type SignPart,
  userIdClaim,
  visitorDataClaim,
  withClaims,
  without,
} from '../support/handmade-token.ts'

const all = {
  recipientKey: keys.recipient.privateKey,
  publicKeys: [keys.customer.publicKey],
  otherKeys: [keys.customer.publicKey, keys.nextVersion.publicKey],
}
const inspect = (token: string, given: Parameters<typeof inspectToken>[1] = all) =>
  inspectToken(token, given, now)

const bytes = (text: string) => new TextEncoder().encode(text)
/** A good JWS in a JWE that jose makes with another header. */
const encryptedAs = (header: { alg: string; enc: string; zip?: string }) =>
  new CompactEncrypt(bytes(jws()))
    .setProtectedHeader({ cty: 'JWT', ...header })
    .encrypt(keys.recipient.publicKey)
const signedBy = (signPart: SignPart, header = { alg: 'RS256' }) => jwe(jws(goodClaims, header, signPart))
/** A good signature, written down in another way. */
const signatureAs = (write: (signature: Buffer) => string) =>
  signedBy((input) => write(Buffer.from(rs256()(input), 'base64url')))
const sha256 = (input: string) => createHash('sha256').update(input)
const visitorData = (fields: Record<string, unknown>) => withClaims({ [visitorDataClaim]: fields })
const good = jwe(jws())
/** As Java's Cipher gives ciphertext and tag, in one. */
function tagAtEnd(token: string): string {
  const [header, key, iv, ...rest] = token.split('.')
  const both = Buffer.concat(rest.map((part) => Buffer.from(part, 'base64url')))
  return [header, key, iv, both.toString('base64url'), ''].join('.')
}
const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
// 64 KiB is what the command takes.
const deep = '['.repeat(20_000)

const general = await new GeneralSign(bytes(JSON.stringify(goodClaims)))
  .addSignature(keys.customer.privateKey)
  .setProtectedHeader({ alg: 'RS256' })
  .sign()
const flattened = await new FlattenedEncrypt(bytes(jws()))
  .setProtectedHeader(goodJweHeader)
  .encrypt(keys.recipient.publicKey)

/** A broken token, and its faults in their order. */
const broken: Record<string, [string, ...FaultCode[]]> = {
  'nothing at all': ['', 'empty'],
  'a header of HTTP': [`Authorization: Bearer ${good}`, 'bearer_prefix'],
  'the word Bearer': [`Bearer ${good}`, 'bearer_prefix'],
  "Padlock's whole answer": [JSON.stringify({ token: good, expiresIn: 60 }), 'token_in_json'],
  'a text in quotes': [JSON.stringify(good), 'token_in_json'],
  'line ends every 76 characters': [good.replace(/.{76}/g, '$&\r\n'), 'white_space'],
  'a token from a URL': [good.replaceAll('.', '%2E'), 'percent_encoded'],
  'a JWE in JSON serialization': [JSON.stringify(flattened), 'json_serialization'],
  'a JWS in JSON serialization inside': [jwe(JSON.stringify(general)), 'json_serialization'],
  'other JSON': ['{"userId":"u1"}', 'not_compact'],
  'a token that was cut off': [good.slice(0, 500), 'not_compact'],
  'no token': ['hello', 'not_compact'],
  'a dot too many': [`${good}.`, 'not_compact'],
  'a part that is no base64url': [`${good}…`, 'bad_character'],
  'a header that is not JSON': [good.replace(/^[^.]*/, 'AAAA'), 'header_unreadable'],
  'a header nested without end': [good.replace(/^[^.]*/, encoded(`{"a":${deep}`)), 'header_unreadable'],
  'a JWE header without enc': [jwe(jws(), { header: { alg: 'RSA-OAEP-256' } }), 'header_incomplete'],
  'padding in each part': [
    good
      .split('.')
      .map((part) => part + '='.repeat((4 - (part.length % 4)) % 4))
      .join('.'),
    'padding',
  ],
  'a JWS that is not encrypted': [jws(), 'not_encrypted'],
  'a JWE that was signed': [jws(good), 'not_encrypted', 'wrong_order'],
  'RSA-OAEP with SHA-1': [await encryptedAs({ alg: 'RSA-OAEP', enc: 'A256GCM' }), 'jwe_oaep_sha1'],
  'RSA-OAEP-512': [await encryptedAs({ alg: 'RSA-OAEP-512', enc: 'A256GCM' }), 'jwe_alg'],
  RSA1_5: [jwe(jws(), { header: { ...goodJweHeader, alg: 'RSA1_5' }, wrap: pkcs1 }), 'jwe_alg'],
  'a shared key': [
    jwe(jws(), { header: { ...goodJweHeader, alg: 'dir' }, wrap: () => Buffer.of() }),
    'jwe_alg',
  ],
  A128GCM: [await encryptedAs({ alg: 'RSA-OAEP-256', enc: 'A128GCM' }), 'jwe_enc'],
  'A256CBC-HS512': [await encryptedAs({ alg: 'RSA-OAEP-256', enc: 'A256CBC-HS512' }), 'jwe_enc'],
  compression: [await encryptedAs({ alg: 'RSA-OAEP-256', enc: 'A256GCM', zip: 'DEF' }), 'jwe_zip'],
  'a critical header': [jwe(jws(), { header: { ...goodJweHeader, crit: ['exp'], exp: 1 } }), 'jwe_crit'],
  'no cty': [jwe(jws(), { header: { alg: 'RSA-OAEP-256', enc: 'A256GCM' } }), 'cty_missing'],
  'another cty': [jwe(jws(), { header: { ...goodJweHeader, cty: 'application/json' } }), 'cty_missing'],
  'a key of another size': [jwe(jws(), { key: keys.large.publicKey }), 'recipient_key_size'],
  "another recipient's key": [jwe(jws(), { key: keys.stranger.publicKey }), 'recipient_key_other'],
  'a changed encrypted key': [changed(good, 1), 'recipient_key_other'],
  'SHA-1 under the name of RSA-OAEP-256': [jwe(jws(), { wrap: oaepSha1 }), 'oaep_mismatch'],
  'PKCS#1 v1.5 under the name of RSA-OAEP-256': [jwe(jws(), { wrap: pkcs1 }), 'oaep_mismatch'],
  'a content key of 128 bits': [jwe(jws(), { contentKey: randomBytes(16) }), 'cek_length'],
  'a content key as hexadecimal text': [
    jwe(jws(), { wrap: (key, to) => oaepSha1(Buffer.from(key.toString('hex')), to) }),
    'oaep_mismatch',
    'cek_length',
  ],
  'an IV of 128 bits': [jwe(jws(), { ivBytes: 16 }), 'iv_length'],
  'a tag at the end of the ciphertext': [tagAtEnd(good), 'tag_length'],
  'a header outside the tag': [jwe(jws(), { aad: false }), 'content_aad'],
  'a changed ciphertext': [changed(good, 3), 'content_damaged'],
  'a JWE in a JWE': [jwe(good), 'nested_twice'],
  'a JWS in a JWS': [jwe(jws(jws())), 'nested_twice'],
  'claims without a signature': [jwe(JSON.stringify(goodClaims)), 'plain_claims'],
  'a text': [jwe('hello'), 'not_a_jws'],
  'a JWS with a line end': [jwe(`${jws()}\n`), 'white_space'],
  'alg none': [signedBy(() => '', { alg: 'none' }), 'unsigned'],
  'alg nOnE': [signedBy(() => '', { alg: 'nOnE' }), 'unsigned'],
  HS256: [signedBy(() => encoded('x'.repeat(32)), { alg: 'HS256' }), 'symmetric_signature'],
  ES256: [
    signedBy((input) => sign('sha256', Buffer.from(input), ecKey).toString('base64url'), { alg: 'ES256' }),
    'jws_alg',
  ],
  'a critical JWS header': [jwe(jws(goodClaims, { alg: 'RS256', crit: ['b64'], b64: false })), 'jws_crit'],
  PS256: [signedBy(pss, { alg: 'PS256' }), 'signature_pss'],
  'PSS under the name of RS256': [signedBy(pss), 'signature_pss'],
  'a SHA-512': [signedBy(rs256(undefined, 'sha512')), 'signature_hash'],
  'a digest of a digest': [
    signedBy((input) =>
      sign('sha256', sha256(input).digest(), keys.customer.privateKey).toString('base64url'),
    ),
    'signature_double_digest',
  ],
  'a digest as text': [signedBy((input) => rs256()(sha256(input).digest('base64'))), 'signature_digest_text'],
  'the payload alone': [signedBy((input) => rs256()(input.split('.')[1] as string)), 'signature_wrong_input'],
  "Vault's prefix": [signatureAs((it) => `vault:v1:${it.toString('base64')}`), 'signature_vault_prefix'],
  "Vault's prefix, encoded": [
    signatureAs((it) => encoded(`vault:v12:${it.toString('base64')}`)),
    'signature_vault_prefix',
  ],
  'base64 of base64': [signatureAs((it) => encoded(it.toString('base64'))), 'signature_double_base64'],
  'standard base64': [
    // Of 256 random bytes' base64, one in 55,000 has neither "+" nor "/".
    signatureAs((it) => it.toString('base64').replaceAll('=', '')),
    'base64_not_url',
  ],
  'an ECDSA signature in DER': [
    signedBy((input) => sign('sha256', Buffer.from(input), ecKey).toString('base64url')),
    'signature_der',
  ],
  'half a signature': [signatureAs((it) => it.subarray(0, 128).toString('base64url')), 'signature_length'],
  'the next version of the key': [
    signedBy(rs256(keys.nextVersion.privateKey)),
    'signature_wrong_key_version',
  ],
  "somebody else's key": [signedBy(rs256(keys.stranger.privateKey)), 'signature_wrong_key'],
  'a changed payload': [jwe(changed(jws(), 1)), 'signature_wrong_key', 'claims_unreadable'],
  'a kid of another version': [
    jwe(jws(goodClaims, { alg: 'RS256', kid: rsaThumbprint(keys.nextVersion.publicKey) })),
    'kid_mismatch',
  ],
  'claims that are an array': [jwe(jws([goodClaims])), 'claims_unreadable'],
  'claims nested without end': [jwe(jws(`{"a":${deep}`)), 'claims_unreadable'],
  'two userIds': [
    jwe(jws(JSON.stringify(goodClaims).replace(/}$/, `,"${userIdClaim}":"u2"}`))),
    'claim_twice',
  ],
  'no iss': [without('iss'), 'iss_missing'],
  'an empty iss': [withClaims({ iss: '' }), 'iss_missing'],
  'an iss that is no text': [withClaims({ iss: 7 }), 'iss_wrong_type'],
  'no exp': [without('exp'), 'exp_missing'],
  'exp as text': [withClaims({ exp: String(goodClaims.exp) }), 'exp_wrong_type'],
  'exp in milliseconds': [withClaims({ exp: now + 60_000 }), 'exp_milliseconds'],
  'exp now': [withClaims({ exp: now / 1000 }), 'expired'],
  'exp two days ago': [withClaims({ exp: now / 1000 - 172_800 }), 'expired'],
  'exp in a week': [withClaims({ exp: now / 1000 + 604_800 }), 'exp_too_far'],
  'nbf in an hour': [withClaims({ nbf: now / 1000 + 3_600 }), 'not_yet_valid'],
  'iat in an hour': [withClaims({ iat: now / 1000 + 3_600 }), 'issued_in_future'],
  'no userId': [without(userIdClaim), 'user_id_missing'],
  'sub in its place': [renamed(userIdClaim, 'sub'), 'user_id_missing'],
  'userId without its prefix': [renamed(userIdClaim, 'userId'), 'user_id_claim_name'],
  'userId with http': [renamed(userIdClaim, 'http://iadvize.com/userId'), 'user_id_claim_name'],
  'userId with a slash at its end': [renamed(userIdClaim, `${userIdClaim}/`), 'user_id_claim_name'],
  'userId in lower case': [renamed(userIdClaim, 'https://iadvize.com/userid'), 'user_id_claim_name'],
  'userId as user_id': [renamed(userIdClaim, 'user_id'), 'user_id_claim_name'],
  'a userId that is a number': [withClaims({ [userIdClaim]: 8714 }), 'user_id_wrong_type'],
  'a userId that is null': [withClaims({ [userIdClaim]: null }), 'user_id_wrong_type'],
  'an empty userId': [withClaims({ [userIdClaim]: '' }), 'user_id_empty'],
  'a userId of 256 units': [withClaims({ [userIdClaim]: 'x'.repeat(256) }), 'user_id_too_long'],
  'a userId with a space': [withClaims({ [userIdClaim]: 'u1 ' }), 'user_id_whitespace'],
  'a userId with a zero-width space': [
    withClaims({ [userIdClaim]: 'u\u200b1' }),
    'user_id_control_character',
  ],
  'a userId of an invisible character': [
    withClaims({ [userIdClaim]: 'u\u115f1' }),
    'user_id_invisible_character',
  ],
  'a userId with a replacement character': [
    withClaims({ [userIdClaim]: 'u\ufffd1' }),
    'user_id_replacement_character',
  ],
  'a userId in NFD': [withClaims({ [userIdClaim]: 'Zoe\u0301' }), 'user_id_not_normalized'],
  'a userId of undefined': [withClaims({ [userIdClaim]: 'undefined' }), 'user_id_placeholder'],
  'a template in place of a userId': [withClaims({ [userIdClaim]: '{{userId}}' }), 'user_id_placeholder'],
  'visitorData without its prefix': [renamed(visitorDataClaim, 'visitorData'), 'visitor_data_claim_name'],
  'visitorData as JSON': [withClaims({ [visitorDataClaim]: '{"city":"Nantes"}' }), 'visitor_data_json_text'],
  'visitorData as a list': [withClaims({ [visitorDataClaim]: ['Nantes'] }), 'visitor_data_wrong_type'],
  'a zipCode that is a number': [visitorData({ zipCode: 44000 }), 'visitor_data_field_type'],
  'a field in snake case': [visitorData({ first_name: 'Zoé' }), 'visitor_data_unknown_field'],
  'a city of 256 units': [visitorData({ city: 'x'.repeat(256) }), 'visitor_data_too_long'],
  'a city on two lines': [visitorData({ city: 'Nan\ntes' }), 'visitor_data_character'],
  'an extId': [withClaims({ extId: 'x' }), 'ext_id'],
  'an extId in visitorData': [visitorData({ extId: 'x' }), 'ext_id'],
}

for (const [name, [token, ...expected]] of Object.entries(broken)) {
  t.test(`${name}: ${expected}`, async (t) => {
    const { faults, verdict } = await inspect(token)
    t.strictSame(
      faults.map(({ code }) => code),
      expected,
    )
    const isRefused = faults.some(({ severity }) => severity === 'refused')
    t.equal(verdict, isRefused ? 'refused' : 'accepted')
    for (const { detail, cause } of faults) {
      t.match(detail, /^\S.*\.$/)
      t.match(cause, /^\S.*\.$/)
      t.notMatch(detail + cause, /customer-8714|Zo|Nan/, 'nothing of the visitor')
    }
  })
}

t.test('every fault that can be named has a broken token above', async (t) => {
  const shown = new Set(Object.values(broken).flatMap(([, ...codes]) => codes))
  t.strictSame(
    Object.keys(faultKinds).filter((code) => !shown.has(code as FaultCode)),
    [],
  )
})

t.test('a good token has no fault', async (t) => {
  const { verdict, faults, notes, claims, jwe, jws } = await inspect(good)
  t.strictSame(
    { verdict, faults, notes, claims, jwe },
    {
      verdict: 'accepted',
      faults: [],
      notes: [],
      claims: goodClaims,
      jwe: { header: goodJweHeader, decrypted: true },
    },
  )
  t.equal(jws?.verifiedWith, keys.customer.publicKey)
  for (const changes of [
    { exp: now / 1000 + 1 },
    { exp: now / 1000 + 86_400 },
    { [userIdClaim]: 'x'.repeat(255) },
    { [userIdClaim]: '😀'.repeat(127) },
    { [visitorDataClaim]: undefined },
    { [visitorDataClaim]: { address: '9 rue Nina Simone\n44000 Nantes' } },
    { aud: 'https://iadvize.com', jti: 'x' },
  ]) {
    t.strictSame((await inspect(withClaims(changes))).faults, [], JSON.stringify(Object.keys(changes)))
  }
})

t.test('several faults of one token are all named, in the order in which they are met', async (t) => {
  const claims = { exp: String(goodClaims.exp), userId: 8714 }
  const token = `Bearer ${jwe(jws(claims, { alg: 'RS256' }, pss), { header: { alg: 'RSA-OAEP-256', enc: 'A256GCM' } })}`
  const { faults } = await inspect(token)
  t.strictSame(
    faults.map(({ code }) => code),
    ['bearer_prefix', 'cty_missing', 'signature_pss', 'iss_missing', 'exp_wrong_type', 'user_id_claim_name'],
  )
})

t.test('without keys, nothing that they are needed for is said', async (t) => {
  const { recipientKey, publicKeys } = all
  t.match(await inspect(good, { publicKeys: [] }), {
    verdict: 'unverified',
    faults: [],
    jwe: { decrypted: false },
  })
  t.match(await inspect(good, { recipientKey, publicKeys: [] }), {
    verdict: 'unverified',
    faults: [],
    claims: goodClaims,
  })
  t.match(await inspect(good, { recipientKey, publicKeys }), { verdict: 'accepted' })
  t.match(await inspect(jwe(jws(), { header: { ...goodJweHeader, enc: 'A128GCM' } }), { publicKeys: [] }), {
    verdict: 'refused',
    faults: [{ code: 'jwe_enc' }],
  })
})

t.test('how long a token has expired, and of the clock where it was not long', async (t) => {
  const expired = async (seconds: number) =>
    (await inspect(withClaims({ exp: now / 1000 - seconds }))).faults[0]
  t.match(await expired(0), { detail: 'The token has just expired.', cause: /clock/ })
  t.match(await expired(45), { detail: 'The token expired 45 seconds ago.', cause: /clock/ })
  t.match(await expired(3 * 86_400), { detail: 'The token expired 3 days ago.', cause: /each page load/ })
})

t.test('notes: a kid of its own, an e-mail address', async (t) => {
  t.match(await inspect(jwe(jws(goodClaims, { alg: 'RS256', kid: 'main' }))), {
    faults: [],
    notes: [/"kid"/],
  })
  const kid = rsaThumbprint(keys.customer.publicKey)
  t.match(await inspect(jwe(jws(goodClaims, { alg: 'RS256', kid }))), { faults: [], notes: [] })
  t.match(await inspect(withClaims({ [userIdClaim]: 'zoe@example.com' })), { faults: [], notes: [/e-mail/] })
})

t.test("the vendor's published sample", async (t) => {
  const sample = await readFile(new URL('../vectors/iadvize-sample.jws', import.meta.url), 'utf8')
  const before = Date.parse('2023-08-09T13:44:00Z')
  const { faults, claims, jws: read, verdict } = await inspectToken(sample.trim(), { publicKeys: [] }, before)
  t.strictSame(
    faults.map(({ code }) => code),
    ['not_encrypted'],
    'it is the inner part of a token',
  )
  t.equal(verdict, 'refused')
  t.strictSame(read?.header, { alg: 'RS256' })
  t.match(claims, { iss: 'https://test.iadvize.com', exp: 1691588707, [userIdClaim]: 'test_documentation' })
  const encryptedSample = await inspectToken(jwe(sample.trim()), all, before)
  t.match(encryptedSample.faults, [{ code: 'signature_wrong_key' }], 'its key is not published')
  const years = await inspectToken(sample.trim(), { publicKeys: [] }, now)
  t.match(years.faults, [{ code: 'not_encrypted' }, { code: 'expired', detail: /\d{3} days ago/ }])
})

t.test('whatever comes is an answer', async (t) => {
  const public1 = createPublicKey(keys.customer.privateKey)
  for (let i = 0; i < 300; i++) {
    const at = randomBytes(2).readUInt16BE() % good.length
    const text = good.slice(0, at) + String.fromCharCode(randomBytes(1)[0] as number) + good.slice(at + 1)
    await t.resolves(inspect(text, { ...all, publicKeys: [public1] }))
  }
  for (const text of [
    deep,
    `{"token":${deep}`,
    '"',
    '{}',
    'null',
    '....',
    '..',
    jwe('....'),
    jwe('..'),
    jwe('{}'),
  ]) {
    t.equal((await inspect(text)).verdict, 'refused')
  }
})
