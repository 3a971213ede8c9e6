import fc from 'fast-check'
import t from 'tap'
import { acceptToken } from '../../dev/accept-token.ts'
import { checkedTokenRequest, claimsSet } from '../../src/token/claims.ts'
import { issueToken } from '../../src/token/issue.ts'
import { signingInput } from '../../src/token/signing-input.ts'
import { checkUserId, userIdRules } from '../../src/token/user-id.ts'
import { userIdClaim } from '../../src/token/visitor-data.ts'
import { tokenParts } from '../support/token-parts.ts'

const rules = userIdRules({})
const settings = { issuer: 'https://shop.test', tokenTtlSeconds: 60 }
const checked = (userId: string) => checkedTokenRequest({ userId }, rules)
const isAccepted = (userId: string) => checkUserId(userId, rules).length === 0

/** The bytes that stand for a visitor: the claims as they are signed, at one and the same second. */
const claimBytes = (userId: string) =>
  signingInput({ alg: 'RS256' }, claimsSet(checked(userId), settings, 0)).text

/** The userId that a reader of the signed bytes finds. */
function readBack(text: string): unknown {
  const payload = Buffer.from(text.slice(text.indexOf('.') + 1), 'base64url')
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))[userIdClaim]
}

t.test(
  'every code point of Unicode is accepted or refused by its category, and changes nothing else',
  async (t) => {
    // The rule from its other side: what the design does not refuse is a letter, mark, number, punctuation,
    // symbol but U+FFFD and what is drawn as nothing, or U+0020.
    const belongs = /^(?!\ufffd)(?![\p{DI}\u2800])[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u
    let accepted = 0
    let run = '-'
    const ids: string[] = []
    const wrong: string[] = []
    for (let point = 0; point <= 0x10ffff; point++) {
      const character = String.fromCodePoint(point)
      // A hyphen composes with nothing, so each mark stands for itself.
      const id = `-${character}-`
      const good = belongs.test(character) && id.normalize('NFC') === id
      if (isAccepted(id) !== good) {
        wrong.push(point.toString(16))
      }
      if (!good) {
        continue
      }
      accepted += 1
      // All that is accepted, packed into long ids, for the way through a token.
      if (run.length < 250 && isAccepted(`${run}${character}-`)) {
        run += character
      } else {
        ids.push(`${run}-`)
        run = `-${character}`
      }
    }
    ids.push(`${run}-`)
    t.strictSame(wrong, [])
    t.ok(
      accepted > 140_000,
      'Unicode 15 has about 149,000 assigned characters, most of them stable under NFC',
    )
    t.comment(`${accepted} code points are accepted`)

    const parts = await tokenParts()
    const keys = { privateKey: parts.recipientKey, publicKeys: [parts.profile.pinnedKey.publicKey] }
    const seen = new Set<string>()
    for (const userId of ids) {
      const { token } = await issueToken(checked(userId), parts.profile, parts.signer, Date.now(), {
        deadline: Number.POSITIVE_INFINITY,
      })
      const receipt = await acceptToken(token, keys)
      const received = receipt.accepted ? receipt.claims[userIdClaim] : receipt.reason
      if (received !== userId) {
        t.fail(`an id of ${userId.length} units came out changed`)
      }
      for (const character of userId) {
        seen.add(character)
      }
    }
    t.equal(seen.size, accepted, 'each of them came out of the recipient unchanged')
  },
)

/** Ids that are near each other: what a lossy step anywhere would take for one and the same. */
const part = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom(
    'a',
    'A',
    'é',
    'e\u0301',
    'É',
    'ß',
    'ss',
    'ſ',
    'K',
    '\u212a',
    'ı',
    'İ',
    'i',
    'ﬁ',
    'fi',
    'Å',
    '\u212b',
  ),
  fc.constantFrom(
    ' ',
    '\u00a0',
    '\u200b',
    '\u200d',
    '\ufeff',
    '\t',
    '\n',
    '\0',
    '\ud83d',
    '\ude00',
    '😀',
    '\ufffd',
    '?',
  ),
  fc.constantFrom(
    '0',
    '00',
    '1',
    '1.0',
    '1e0',
    '٣',
    '３',
    '"',
    '\\',
    '\\u0061',
    '/',
    '\\/',
    '&amp;',
    '%41',
    '+',
    '-',
    '_',
    '=',
  ),
)
const id = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))

t.test('two different accepted userIds give two different claims, byte for byte', async (t) => {
  const claimsOf = new Map<string, string>()
  let accepted = 0
  fc.assert(
    fc.property(id, (userId) => {
      if (!isAccepted(userId)) {
        return
      }
      accepted += 1
      const bytes = claimBytes(userId)
      const owner = claimsOf.get(bytes)
      claimsOf.set(bytes, userId)
      // Among all that were ever made here, not only within a pair.
      return (owner === undefined || owner === userId) && readBack(bytes) === userId
    }),
    { numRuns: 50_000, seed: 20_260_101 },
  )
  t.equal(claimsOf.size, new Set(claimsOf.values()).size)
  t.ok(accepted > 5_000, `${accepted} were accepted`)
})

t.test(
  'what another byte or another writing would make the same id of is refused, or stays apart',
  async (t) => {
    // Each group is one string to somebody: to NFC, to a lossy decoder, to trim(), to a case-blind comparison.
    const groups = [
      ['caf\u00e9', 'cafe\u0301'],
      ['\u00c5', '\u212b', 'A\u030a'],
      ['u1', ' u1', 'u1 ', 'u1\n', 'u1\u00a0', '\ufeffu1', 'u1\0', 'u\u200b1', 'u\u00ad1'],
      ['\ud800x', '\ud801x', '\udfffx'],
      ['Anna', 'anna', 'ANNA'],
      ['\uac00', '\u1100\u1161'],
    ]
    for (const group of groups) {
      const accepted = group.filter(isAccepted)
      t.equal(new Set(accepted.map(claimBytes)).size, accepted.length)
      t.equal(new Set(accepted.map((userId) => userId.normalize('NFC').trim())).size, accepted.length)
    }
  },
)
