import { createPublicKey } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { acceptToken } from '../../../dev/accept-token.ts'
import { checkUserId, userIdRules } from '../../../src/token/user-id.ts'
import { edited, edits } from '../../support/byte-edits.ts'
import { HostileRequests } from '../../support/hostile.ts'
import { type Answer, answerOf } from '../../support/problem.ts'
import { testService } from '../../support/service.ts'

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
  if (!receipt.accepted) {
    throw new Error(receipt.reason)
  }
  return receipt.claims['https://iadvize.com/userId']
}

/** Tokens that were issued: a test that nothing passes would show nothing. */
let issued = 0

/** Sends a body; what it must get is 400, or a token for exactly the userId that its bytes hold. */
async function judge(body: Uint8Array): Promise<void> {
  const answer = await answerOf(await service.issue(body))
  if (answer.status !== 200) {
    const faults = hostile.faults(answer, ['invalid_json', 'invalid_request'])
    if (faults.length > 0) {
      throw new Error(faults.join(', '))
    }
    return
  }
  const { userId } = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
  const good = (await visitorOf(answer)) === userId && checkUserId(userId, rules).length === 0
  issued += 1
  hostile.count(answer, good)
  if (!good) {
    throw new Error('a token for another visitor than the one in the body')
  }
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

/** The inside of a JSON string, with some of its characters as escapes, or as something that is none. */
const escaped = text.map((value) =>
  Array.from(JSON.stringify(value).slice(1, -1), (c) =>
    c.charCodeAt(0) % 3 === 0 && c !== '\\' && c !== '"' && c.length === 1
      ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
      : c,
  ).join(''),
)

t.test(
  'what is written as JSON by hand gets no other answer either: escapes, stray bytes, half of it',
  async (t) => {
    const marks =
      '{ } [ ] : , " \\ null true 1e999 -0 // /**/ "userId":"u-1" "userId": "visitorData":{ "__proto__":{}'
    const token = fc.oneof(
      fc.constantFrom(' ', ...marks.split(' ')),
      escaped.map((value) => `"${value}"`),
    )
    const written = fc.oneof(
      fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join('')),
      escaped.map((value) => `{"userId":"${value}"}`),
      fc.array(token, { maxLength: 4 }).map((tokens) => `{"userId":"u-1"${tokens.join('')}}`),
    )
    const property = fc.asyncProperty(written, (value) => judge(Buffer.from(value)))
    await fc.assert(property, { numRuns: 600, seed })
    t.pass()
  },
)

t.test('a body that names the visitor twice gets no token, however the two are written', async (t) => {
  const key = fc.constantFrom('userId', '\\u0075serId', 'user\\u0049d', 'us\\u0065r\\u0049d')
  const between = fc.constantFrom('', ' ', '"visitorData":{},', '"city":"x",')
  const property = fc.asyncProperty(key, escaped, between, key, escaped, async (a, first, gap, b, second) => {
    const body = `{"${a}":"${first}",${gap}"${b}":"${second}"}`
    const faults = hostile.faults(await answerOf(await service.issue(body)), 'invalid_json')
    if (faults.length > 0) {
      throw new Error(faults.join(', '))
    }
  })
  await fc.assert(property, { numRuns: 400, seed })
  t.pass()
})

t.test('no bytes of any kind get anything but 400, or a token for the very id in them', async (t) => {
  const good = Buffer.from('{"userId":"visitor-1","visitorData":{"city":"Orléans","firstName":"Zoé"}}')
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    edits.map((list) => edited(good, list)),
  )
  await fc.assert(fc.asyncProperty(bytes, judge), { numRuns: 800, seed })
  t.pass()
})

t.test('figures', async (t) => {
  hostile.report(t)
  t.comment(`${issued} of them were good ids, and got a token for exactly that id`)
  t.ok(issued > 100)
})
