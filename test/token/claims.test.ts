import t from 'tap'
import { PadlockError } from '../../src/errors.ts'
import {
  type ClaimsSettings,
  checkedTokenRequest,
  claimsSet,
  type TokenRequest,
  VisitorDataSchema,
} from '../../src/token/claims.ts'
import { userIdRules } from '../../src/token/user-id.ts'
import { userIdClaim, visitorDataClaim } from '../../src/token/visitor-data.ts'

const settings: ClaimsSettings = {
  issuer: 'https://shop.test',
  tokenTtlSeconds: 60,
}
const rules = userIdRules({})
const now = Date.UTC(2026, 0, 1, 12, 0, 0, 999)
const claims = (request: TokenRequest, changes: Partial<ClaimsSettings> = {}) =>
  claimsSet(checkedTokenRequest(request, rules), { ...settings, ...changes }, now)

function faults(request: TokenRequest): string[] {
  try {
    claims(request)
    return []
  } catch (error) {
    if (!(error instanceof PadlockError)) {
      throw error
    }
    return (error.errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`)
  }
}

t.test('the claims are iss, exp and the userId, by the names that the vendor gives them', async (t) => {
  t.strictSame(claims({ userId: 'u-1' }), {
    iss: 'https://shop.test',
    exp: Date.UTC(2026, 0, 1, 12, 1, 0) / 1000,
    'https://iadvize.com/userId': 'u-1',
  })
  t.equal(userIdClaim, 'https://iadvize.com/userId')
  t.equal(visitorDataClaim, 'https://iadvize.com/visitorData')
})

t.test('exp is whole seconds: now, rounded down, and the life of the profile', async (t) => {
  t.equal(claims({ userId: 'u-1' }, { tokenTtlSeconds: 86_400 }).exp, Date.UTC(2026, 0, 2, 12) / 1000)
  t.equal(claims({ userId: 'u-1' }, { tokenTtlSeconds: 1 }).exp, Date.UTC(2026, 0, 1, 12, 0, 1) / 1000)
})

t.test(
  'visitorData: every field goes through unchanged, an empty one is left out, none leaves no claim',
  async (t) => {
    const all = Object.fromEntries(
      Object.keys(VisitorDataSchema.properties).map((name) => [name, `  ${name} é😀 `]),
    )
    t.strictSame(claims({ userId: 'u-1', visitorData: all })[visitorDataClaim], all)
    t.strictSame(
      Object.keys(all).sort(),
      'address city country email firstName lastName phoneNumber zipCode'.split(' '),
    )
    t.strictSame(claims({ userId: 'u-1', visitorData: { city: '', email: 'a@b.test' } })[visitorDataClaim], {
      email: 'a@b.test',
    })
    for (const visitorData of [{}, { city: '' }]) {
      t.notOk(visitorDataClaim in claims({ userId: 'u-1', visitorData }))
    }
  },
)

t.test('a visitorData field: 255 UTF-16 units are accepted, 256 are refused', async (t) => {
  for (const unit of ['a', 'é', '😀']) {
    const longest = unit.repeat(Math.floor(255 / unit.length)).padEnd(255, 'z')
    t.strictSame(faults({ userId: 'u-1', visitorData: { city: longest } }), [])
    t.strictSame(faults({ userId: 'u-1', visitorData: { city: `${longest}z` } }), [
      '/visitorData/city too_long',
    ])
  }
})

t.test(
  'a visitorData field holds no control character but line feeds in an address, and is well-formed',
  async (t) => {
    t.strictSame(faults({ userId: 'u-1', visitorData: { address: '1 rue X\n44000 Nantes' } }), [])
    const bad = {
      address: 'a\r\nb',
      city: 'a\nb',
      email: '\t',
      firstName: '\0',
      lastName: '\ud800',
      zipCode: '\u0085',
    }
    t.strictSame(
      faults({ userId: 'u-1', visitorData: bad }),
      Object.keys(bad).map((name) => `/visitorData/${name} invalid_character`),
    )
    t.strictSame(
      faults({ userId: 'u-1', visitorData: { country: '\u200d\ue000 e\u0301' } }),
      [],
      'it is text, not an id',
    )
  },
)

t.test('the faults of the userId and of visitorData are told at once', async (t) => {
  t.strictSame(faults({ userId: 'null', visitorData: { city: `\0${'x'.repeat(255)}` } }), [
    '/userId user_id_placeholder',
    '/visitorData/city too_long',
    '/visitorData/city invalid_character',
  ])
})

t.test('jti is 128 random bits where the profile asks for it', async (t) => {
  const ids = new Set(Array.from({ length: 100 }, () => claims({ userId: 'u-1' }, { jti: true }).jti))
  t.equal(ids.size, 100)
  for (const id of ids) {
    t.equal(Buffer.from(id as string, 'base64url').length, 16)
  }
})
