import t from 'tap'
import { parseJsonBody } from '../../../src/http/contract/json-body.ts'

const parse = (body: string | Uint8Array) =>
  parseJsonBody(typeof body === 'string' ? Buffer.from(body) : body)
const refused = { name: 'PadlockError', code: 'invalid_json' }

/** `{"userId":"…"}` around raw bytes. */
const withBytes = (...bytes: number[]) =>
  Buffer.concat([Buffer.from('{"userId":"'), Buffer.from(bytes), Buffer.from('"}')])

t.test('JSON comes through as it stands', async (t) => {
  t.strictSame(parse('{"userId":"u-1","visitorData":{"city":"Nantes"}}'), {
    userId: 'u-1',
    visitorData: { city: 'Nantes' },
  })
  t.strictSame(parse(' \t\r\n{ "userId" : "Zo\\u00e9 😀 \\ud83d\\ude00" } \n'), { userId: 'Zoé 😀 😀' })
  for (const value of [null, true, 0, -1.5, 'x', [], {}, [1, 'a', null]]) {
    t.strictSame(parse(JSON.stringify(value)), value, 'its shape is for the schema to judge')
  }
})

t.test('two bodies with different invalid bytes never become one: each is refused', async (t) => {
  const invalid = {
    'a byte that UTF-8 has not': [0xff],
    'another one': [0xfe],
    'a lone continuation byte': [0x80],
    'a sequence cut short': [0xc3],
    'an overlong slash': [0xc0, 0xaf],
    'an overlong NUL': [0xc0, 0x80],
    'half a surrogate pair (CESU-8)': [0xed, 0xa0, 0x80],
    'a code point past U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
    'é in Latin-1': [0xe9],
  }
  for (const [what, bytes] of Object.entries(invalid)) {
    t.throws(() => parse(withBytes(...bytes)), refused, what)
  }
  t.strictSame(parse(withBytes(0xc3, 0xa9)), { userId: 'é' })
})

t.test('a byte-order mark, UTF-16 and UTF-32 are refused', async (t) => {
  const body = '{"userId":"u-1"}'
  t.throws(() => parse(`\ufeff${body}`), { ...refused, message: /byte-order mark/ })
  t.throws(() => parse(`\ufeff\ufeff${body}`), refused)
  t.throws(() => parse(Buffer.from(body, 'utf16le')), refused)
  t.throws(() => parse(Buffer.from(`\ufeff${body}`, 'utf16le')), refused)
  t.throws(() => parse(Buffer.from(body, 'utf16le').swap16()), refused)
  t.throws(() => parse(Buffer.from(Array.from(body).flatMap((c) => [0, 0, 0, c.charCodeAt(0)]))), refused)
})

t.test('a key that stands twice is refused at any depth, however it is written', async (t) => {
  for (const body of [
    '{"userId":"a","userId":"b"}',
    '{"userId":"a","userId":"a"}',
    '{"userId":"a","\\u0075serId":"b"}',
    '{"userId":"a","user\\u0049d":"b"}',
    '{"userId":"a","visitorData":{"city":"x","city":"y"}}',
    '{"visitorData":{"city":"x","\\u0063ity":"y"},"userId":"a"}',
    '[{"a":1,"a":2}]',
    '{"\\/":1,"/":2}',
    '{"\\ud83d\\ude00":1,"😀":2}',
    '{"":1,"":2}',
  ]) {
    t.throws(() => parse(body), { ...refused, message: /same key twice/ }, body)
  }
  t.doesNotThrow(() => parse('{"city":"a","visitorData":{"city":"b"}}'), 'the same key in two objects')
  t.doesNotThrow(() => parse('[{"a":1},{"a":1}]'), 'the same key in two objects of a list')
})

t.test('a key that reaches a prototype is refused at any depth, however it is written', async (t) => {
  for (const key of ['__proto__', 'constructor', 'prototype', '\\u005f_proto__', 'c\\u006fnstructor']) {
    t.throws(() => parse(`{"${key}":{"userId":"a"}}`), refused, key)
    t.throws(() => parse(`{"visitorData":{"${key}":1}}`), refused, key)
  }
  t.equal(({} as { polluted?: unknown }).polluted, undefined)
})

t.test('nesting is read to 32 levels, and a body of nothing but brackets is no trouble', async (t) => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  t.doesNotThrow(() => parse(nested(32)))
  t.throws(() => parse(nested(33)), { ...refused, message: /nested deeper/ })
  t.throws(() => parse(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`), { ...refused, message: /nested deeper/ })
  t.throws(() => parse(nested(8_192)), refused)
  for (const open of ['[', '{"a":', '[{"a":']) {
    t.throws(() => parse(open.repeat(Math.floor(16_384 / open.length))), refused)
  }
})

t.test('what RFC 8259 does not allow is refused, though other parsers let it pass', async (t) => {
  for (const body of [
    '',
    ' \n',
    'undefined',
    '{userId:"a"}',
    "{'userId':'a'}",
    '{"userId":"a",}',
    '{"userId":"a"} x',
    '{"userId":"a"}{"userId":"b"}',
    '{"userId":"a"}\0',
    '// a\n{"userId":"a"}',
    '{"userId":/* a */"b"}',
    '{"userId":"a\nb"}',
    '{"userId":"a\tb"}',
    '{"userId":"\\x61"}',
    '{"userId":"\\u00e"}',
    '{"userId":NaN}',
    '{"userId":Infinity}',
    '{"userId":01}',
    '{"userId":+1}',
    '{"userId":.5}',
    '{"userId":0x1}',
    '\u00a0{"userId":"a"}',
    '{"userId"\u2003:"a"}',
    'userId=a',
    '<userId>a</userId>',
    '{"userId":"a"',
    '"',
  ]) {
    t.throws(() => parse(body), refused, JSON.stringify(body))
  }
})

t.test('a refusal says nothing of what was sent', async (t) => {
  for (const body of [
    '{"canary":1,"canary":2}',
    '{"canary":"canary"',
    '\ufeff"canary"',
    `${'{"canary":'.repeat(33)}1${'}'.repeat(33)}`,
  ]) {
    try {
      parse(body)
      t.fail(body)
    } catch (error) {
      t.notMatch((error as Error).message, /canary/)
      t.equal((error as Error).cause, undefined)
    }
  }
})
