import t from 'tap'
import { checkUserId, userIdRules } from '../../src/token/user-id.ts'

const rules = userIdRules({})
const codes = (id: string) => checkUserId(id, rules).map(({ code }) => code)

/** Default-ignorable characters that are not of category C (Unicode, DerivedCoreProperties.txt), and what is as blank. */
const invisible: [name: string, character: string][] = [
  ['combining grapheme joiner', '\u034f'],
  ['Hangul choseong filler', '\u115f'],
  ['Hangul jungseong filler', '\u1160'],
  ['Khmer inherent vowel aq', '\u17b4'],
  ['Khmer inherent vowel aa', '\u17b5'],
  ['Mongolian variation selector one', '\u180b'],
  ['Mongolian variation selector four', '\u180f'],
  ['Braille pattern blank', '\u2800'],
  ['Hangul filler', '\u3164'],
  ['variation selector 1', '\ufe00'],
  ['text presentation', '\ufe0e'],
  ['emoji presentation', '\ufe0f'],
  ['halfwidth Hangul filler', '\uffa0'],
  ['variation selector 17', '\u{e0100}'],
  ['variation selector 256', '\u{e01ef}'],
]

t.test(`${invisible.length} invisible characters, alone, repeated, and at each place in an id`, async (t) => {
  for (const [name, character] of invisible) {
    for (const id of [
      character,
      character.repeat(3),
      `${character}8714`,
      `87${character}14`,
      `8714${character}`,
    ]) {
      t.ok(codes(id).includes('user_id_invisible_character'), `${name}: ${encodeURIComponent(id)}`)
    }
  }
})

t.test('every default-ignorable character is refused', async (t) => {
  const passed: string[] = []
  for (let point = 0; point <= 0x10ffff; point++) {
    const character = String.fromCodePoint(point)
    if (/\p{Default_Ignorable_Code_Point}/u.test(character) && codes(`a${character}b`).length === 0) {
      passed.push(point.toString(16))
    }
  }
  t.same(passed, [])
})

t.test('an id has a visible character: marks alone are none', async (t) => {
  for (const id of ['\u0301', '\u0301\u0302', '\u20dd', '\u0483', '\u0300 \u0301', '\u093f']) {
    t.ok(codes(id).includes('user_id_invisible_character'), encodeURIComponent(id))
  }
})

t.test('ids in any script stay ids', async (t) => {
  for (const id of [
    ...[
      '8714',
      'customer-8714',

      'é',
      'n\u0303'.normalize('NFC'),
      'q\u0303',
      'Ω',
      'Жанна',
      'שָׁלוֹם'.normalize('NFC'),
    ],
    ...[
      'محمد',
      'हिन्दी',
      'ক্ষ',
      'தமிழ்',
      'ไทย',
      'ខ្មែរ',
      'မြန်မာ',
      '漢字',
      '한국어',
      'ᄀ',
      'かな',
      'አማርኛ',
      '⠓⠊',
      '😀',
      '👍🏽',
      '🇫🇷',
    ],
    ...['a\u0301\u0323b'.normalize('NFC'), '☎', '♥', '1️'.slice(0, 1)],
  ]) {
    t.same(codes(id), [], id)
  }
})
