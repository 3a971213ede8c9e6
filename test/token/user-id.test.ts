import t from 'tap'
import { checkUserId, UserIdPatternError, type UserIdSettings, userIdRules } from '../../src/token/user-id.ts'

const codes = (userId: string, settings: UserIdSettings = {}): string[] =>
  checkUserId(userId, userIdRules(settings)).map(({ code }) => code)

t.test('length is counted in UTF-16 code units: 255 are accepted, 256 are refused', async (t) => {
  t.strictSame(codes(''), ['user_id_empty'])
  t.strictSame(codes('7'), [])
  for (const [what, unit] of [
    ['ASCII', 'a'],
    ['é', 'é'],
    ['a CJK ideograph', '漢'],
    // An emoji is two units: 127 of them and one letter make 255.
    ['emoji', '😀'],
  ] as const) {
    const longest = unit.repeat(Math.floor(255 / unit.length)).padEnd(255, 'z')
    t.equal(longest.length, 255)
    t.strictSame(codes(longest), [], `255 units of ${what}`)
    t.strictSame(codes(`${longest}z`), ['user_id_too_long'], `256 units of ${what}`)
  }
  t.strictSame(codes('😀'.repeat(128)), ['user_id_too_long'], '128 emoji are 256 units')
  t.strictSame(codes('e\u0301'.repeat(200)), ['user_id_too_long'], 'a long id is not even normalized')
})

t.test('white space: only U+0020, and only inside', async (t) => {
  t.strictSame(codes('a b'), [])
  t.strictSame(codes('a  b'), [])
  for (const id of [' a', 'a ', ' ']) {
    t.strictSame(codes(id), ['user_id_whitespace'], JSON.stringify(id))
  }
  // White_Space that is not a control character (Unicode, PropList.txt)
  for (const space of '\u00a0\u1680\u2000\u2009\u200a\u2028\u2029\u202f\u205f\u3000') {
    // A test's name is escaped: TAP is split into lines by some of these.
    for (const id of [`a${space}b`, `${space}a`, `a${space}`]) {
      t.ok(codes(id).includes('user_id_whitespace'), encodeURIComponent(id))
    }
  }
  for (const id of ['a\tb', 'a\nb', 'a\r', '\u0085a']) {
    t.strictSame(codes(id), ['user_id_whitespace', 'user_id_control_character'], JSON.stringify(id))
  }
})

t.test('control, format, surrogate, private-use and unassigned characters are refused', async (t) => {
  const refused = {
    'NUL (Cc)': '\0',
    'DEL (Cc)': '\u007f',
    'soft hyphen (Cf)': '\u00ad',
    'zero width joiner (Cf)': '\u200d',
    'right-to-left override (Cf)': '\u202e',
    'byte-order mark (Cf)': '\ufeff',
    'tag letter (Cf)': '\u{e0041}',
    'high surrogate (Cs)': '\ud83d',
    'low surrogate (Cs)': '\ude00',
    'swapped surrogates (Cs)': '\ude00\ud83d',
    'private use (Co)': '\ue000',
    'private use of plane 16 (Co)': '\u{10fffd}',
    'noncharacter (Cn)': '\uffff',
    'unassigned (Cn)': '\u0378',
  }
  for (const [what, character] of Object.entries(refused)) {
    t.strictSame(codes(`a${character}b`), ['user_id_control_character'], what)
  }
})

t.test('only Normalization Form C is accepted', async (t) => {
  t.strictSame(codes('caf\u00e9'), [])
  t.strictSame(codes('cafe\u0301'), ['user_id_not_normalized'])
  t.strictSame(codes('\u212b'), ['user_id_not_normalized'], 'the ångström sign is Å')
  t.strictSame(codes('\u1100\u1161'), ['user_id_not_normalized'], 'Hangul jamo that make a syllable')
  t.strictSame(codes('ﬁ'), [], 'a ligature is changed by NFKC only')
})

t.test('every rule that is broken is told at once', async (t) => {
  t.strictSame(codes(' e\u0301\0', { userIdPattern: '[0-9]+' }), [
    'user_id_whitespace',
    'user_id_control_character',
    'user_id_not_normalized',
    'user_id_pattern_mismatch',
  ])
})

t.test('a refusal never repeats the id', async (t) => {
  const [error] = checkUserId('secret-canary\0', userIdRules({}))
  t.equal(error?.pointer, '/userId')
  t.notMatch(JSON.stringify(error), /canary/)
})

t.test('userIdPattern must match the whole id', async (t) => {
  for (const userIdPattern of ['u-[0-9]+', '^u-[0-9]+$', 'u|u-[0-9]+', '(?:u-[0-9]+?)']) {
    t.strictSame(codes('u-12', { userIdPattern }), [], userIdPattern)
    for (const id of ['u-12x', 'xu-12', 'u-', 'U-12']) {
      t.strictSame(codes(id, { userIdPattern }), ['user_id_pattern_mismatch'], `${userIdPattern} on ${id}`)
    }
  }
  t.strictSame(codes('u-1\nx', { userIdPattern: '(?m)^u-1$' }).at(-1), 'user_id_pattern_mismatch')
  t.strictSame(codes('😀', { userIdPattern: '.' }), [], 'a character, not a unit, is one dot')
})

t.test('a userIdPattern that takes exponential time elsewhere is answered at once', async (t) => {
  // Each of them would hold a backtracking engine for longer than anyone could wait: the test would time out.
  for (const userIdPattern of ['(a+)+b', '(a|a)*b', '(.*)*b', '(a?){255}a{255}b']) {
    t.strictSame(codes('a'.repeat(255), { userIdPattern }), ['user_id_pattern_mismatch'], userIdPattern)
  }
})

t.test(
  'a userIdPattern that cannot be used is refused with the reason, and without the pattern',
  async (t) => {
    for (const [userIdPattern, reason] of [
      ['canary(', /RE2 regular expression: missing closing \)$/],
      ['(?=canary)', /RE2 regular expression: invalid or unsupported Perl syntax$/],
      ['(canary)\\1', /RE2 regular expression: invalid escape sequence$/],
      ['canary{1001}', /RE2 regular expression: invalid repeat count$/],
      ['(?:c?a?n?a?r?y?){900}', /too large/],
    ] as const) {
      try {
        userIdRules({ userIdPattern })
        t.fail(userIdPattern)
      } catch (error) {
        t.ok(error instanceof UserIdPatternError)
        t.match((error as Error).message, reason)
        t.notMatch((error as Error).message, /canary/)
      }
    }
  },
)
