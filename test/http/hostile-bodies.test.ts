import { createPublicKey } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { acceptToken } from '../../src/dev/accept-token.ts'
import { checkUserId, userIdRules } from '../../src/token/user-id.ts'
import { HostileRequests } from '../support/hostile.ts'
import { type Answer, problemFaults } from '../support/problem.ts'
import { rawPost, sendRaw } from '../support/raw-http.ts'
import { testService } from '../support/service.ts'

const seed = 20_260_104
const service = await testService(t)
const hostile = new HostileRequests()
const key = await service.vault.api('GET', 'transit/keys/padlock-default')
const keys = {
  privateKey: service.recipientKey,
  publicKeys: [createPublicKey(key.body.data.keys['1'].public_key)],
}
const rules = userIdRules({})

/** The visitor that a token stands for, as the recipient reads it. */
async function visitorOf({ body }: Answer): Promise<unknown> {
  const receipt = await acceptToken(JSON.parse(body).token, keys)
  if (!receipt.accepted) throw new Error(receipt.reason)
  return receipt.claims['https://iadvize.com/userId']
}

/** Tokens that were issued: a test that nothing passes would show nothing. */
let issued = 0

/** Sends a body; what it must get is 400, or a token for exactly the userId that its bytes hold. */
async function judge(body: Uint8Array): Promise<void> {
  const response = await service.issue(body)
  const answer = { status: response.status, headers: response.headers, body: await response.text() }
  if (answer.status !== 200) {
    const faults = hostile.faults(answer, ['invalid_json', 'invalid_request'])
    if (faults.length > 0) throw new Error(faults.join(', '))
    return
  }
  const { userId } = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  const good = (await visitorOf(answer)) === userId && checkUserId(userId, rules).length === 0
  issued += 1
  hostile.count(answer, good)
  if (!good) throw new Error('a token for another visitor than the one in the body')
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '',
    ' ',
    'u-1',
    'null',
    '<id>',
    'a'.repeat(255),
    'a'.repeat(256),
    '😀'.repeat(128),
    '\ud800',
  ),
  fc.constantFrom('e\u0301', 'é', '\u212b', '\u200b', '\0', '\n', '\ufeff', '\ufffd', '"', '\\', '__proto__'),
)
const anything = fc.oneof(text, fc.jsonValue({ maxDepth: 4 }), fc.double(), fc.boolean(), fc.constant(null))
const names = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('userId', 'visitorData', 'extId', 'city', 'email', 'userid', 'userId '),
  },
  { weight: 1, arbitrary: text },
)

t.test('no JSON value of any shape gets anything but 400, or a token for the very id in it', async (t) => {
  const body = fc.oneof(
    anything,
    fc.dictionary(names, anything, { maxKeys: 5 }),
    fc.record(
      { userId: text, visitorData: fc.dictionary(names, anything, { maxKeys: 4 }) },
      { requiredKeys: ['userId'] },
    ),
    fc.record({ userId: text }),
  )
  const property = fc.asyncProperty(body, (value) => judge(Buffer.from(JSON.stringify(value) ?? '')))
  await fc.assert(property, { numRuns: 800, seed })
  t.pass()
})

t.test(
  'what is written as JSON by hand gets no other answer either: keys twice, escapes, stray bytes',
  async (t) => {
    const escaped = text.map((value) =>
      Array.from(JSON.stringify(value).slice(1, -1), (c) =>
        c.charCodeAt(0) % 3 === 0 && c !== '\\' && c !== '"' && c.length === 1
          ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
          : c,
      ).join(''),
    )
    const token = fc.oneof(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ':',
        ',',
        '"',
        '\\',
        ' ',
        'null',
        'true',
        '1e999',
        '-0',
        '//',
        '/**/',
      ),
      fc.constantFrom(
        '"userId":"u-1"',
        '"userId":',
        '"visitorData":{',
        '"\\u0075serId":"u-2",',
        '"__proto__":{}',
      ),
      escaped.map((value) => `"${value}"`),
    )
    const written = fc.oneof(
      fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join('')),
      fc.tuple(escaped, escaped).map(([a, b]) => `{"userId":"${a}","userId":"${b}"}`),
      escaped.map((value) => `{"userId":"${value}"}`),
      fc.array(token, { maxLength: 4 }).map((tokens) => `{"userId":"u-1"${tokens.join('')}}`),
    )
    const property = fc.asyncProperty(written, (value) => judge(Buffer.from(value)))
    await fc.assert(property, { numRuns: 800, seed })
    t.pass()
  },
)

/** Edits of bytes: where (of a thousand parts of the length), how many are taken out, what is put in. */
const edits = fc.array(
  fc.tuple(
    fc.nat(999),
    fc.nat(6),
    fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.constantFrom(Buffer.from('\r\n'), Buffer.of(0))),
  ),
  { minLength: 1, maxLength: 5 },
)
function edited(bytes: Buffer, list: readonly (readonly [number, number, Uint8Array])[]): Buffer {
  return list.reduce((result, [where, taken, put]) => {
    const at = Math.floor((result.length * where) / 1000)
    return Buffer.concat([result.subarray(0, at), put, result.subarray(at + taken)])
  }, bytes)
}

t.test('no bytes of any kind get anything but 400, or a token for the very id in them', async (t) => {
  const good = Buffer.from('{"userId":"visitor-1","visitorData":{"city":"Orléans","firstName":"Zoé"}}')
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    edits.map((list) => edited(good, list)),
  )
  await fc.assert(fc.asyncProperty(bytes, judge), { numRuns: 800, seed })
  t.pass()
})

t.test(
  'no request of any kind, cut off anywhere, gets a 5xx or an answer outside the contract',
  async (t) => {
    const authorization = `Authorization: Bearer ${await service.callers.token()}`
    const good = rawPost(
      [authorization, 'Content-Type: application/json', 'Connection: close'],
      '{"userId":"u-1"}',
    )
    const request = fc.oneof(
      edits.map((list) => edited(good, list)),
      fc.nat(good.length).map((length) => good.subarray(0, length)),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    )
    const property = fc.asyncProperty(request, async (bytes) => {
      // The end is sent too, so that nothing waits for what never comes; then an answer need not come either.
      for (const answer of await sendRaw(service.url, [bytes, null])) {
        // An edit may name another address, and HEAD has no body.
        const good = answer.status < 400 || answer.body === '' || problemFaults(answer).length === 0
        hostile.count(answer, good)
        if (!good) throw new Error(problemFaults(answer).join(', '))
      }
    })
    await fc.assert(property, { numRuns: 1_000, seed })
    t.equal((await service.issue({ userId: 'u-1' })).status, 200, 'and it serves on')
    t.strictSame(
      service.log.filter(({ level }) => level === 'error' || level === 'fatal'),
      [],
    )
  },
)

t.test('figures', async (t) => {
  hostile.report(t)
  t.comment(`${issued} of them were good ids, and got a token for exactly that id`)
  t.ok(issued > 100)
})
