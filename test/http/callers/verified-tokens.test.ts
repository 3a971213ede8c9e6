import { mock } from 'node:test'
import fastify from 'fastify'
import t from 'tap'
import { PadlockError } from '../../../src/errors.ts'
import { callerAuth } from '../../../src/http/callers/caller-auth.ts'
import type { CallerKeys } from '../../../src/http/callers/caller-keys.ts'
import { VerifiedTokens } from '../../../src/http/callers/verified-tokens.ts'
import { audience, issuer, testIssuer } from '../../support/callers.ts'

const [first, second] = [testIssuer(), testIssuer()]

/** An app that says who calls, on keys that the test changes. */
async function callers() {
  const keys = { find: async (_kid?: string) => first.publicKeyPem as string | undefined }
  const app = fastify()
  const authenticate = await callerAuth(app, {
    ...{ issuer, audience, clockToleranceSeconds: 5, maxLifeSeconds: 86_400 },
    keys: keys as unknown as CallerKeys,
  })
  app.get('/', async (request) => authenticate(request).catch(({ code }: PadlockError) => ({ code })))
  const who = async (token: string) =>
    (await app.inject({ url: '/', headers: { authorization: `Bearer ${token}` } })).json()
  return { keys, who }
}

const shop = { sub: 'shop-backend', scope: 'issue:*' }
const refused = { code: 'unauthenticated' }

t.test('a token that verified before is not good for longer than its key', async (t) => {
  const { keys, who } = await callers()
  const token = await first.token()
  t.strictSame(await who(token), shop)
  t.strictSame(await who(token), shop)
  keys.find = async () => undefined
  t.strictSame(await who(token), refused, 'the key is gone')
  keys.find = async () => second.publicKeyPem
  t.strictSame(await who(token), refused, 'its name has passed to another key')
  keys.find = async () => {
    throw new PadlockError('caller_keys_unavailable')
  }
  t.strictSame(await who(token), { code: 'caller_keys_unavailable' })
  keys.find = async () => first.publicKeyPem
  t.strictSame(await who(token), shop)
})

t.test('a token that verified before is looked up under its own kid', async (t) => {
  const { keys, who } = await callers()
  const token = await first.token({}, { kid: 'k1' })
  t.strictSame(await who(token), shop)
  keys.find = async (kid) => (kid === 'k1' ? undefined : first.publicKeyPem)
  t.strictSame(await who(token), refused)
})

t.test('a token that verified before expires all the same', async (t) => {
  const { who } = await callers()
  const now = Date.now()
  const token = await first.token({ exp: Math.floor(now / 1000) + 60 })
  t.strictSame(await who(token), shop)
  mock.timers.enable({ apis: ['Date'], now: now + 64_000 })
  t.teardown(() => mock.timers.reset())
  t.strictSame(await who(token), shop, 'within the clock tolerance')
  mock.timers.setTime(now + 66_000)
  t.strictSame(await who(token), refused)
})

t.test('nothing but the very same token is taken for one that verified before', async (t) => {
  const { who } = await callers()
  const token = await first.token()
  const [header, payload, signature] = token.split('.') as [string, string, string]
  t.strictSame(await who(token), shop)
  const forged = (await second.token()).split('.')[2]
  const claims = Buffer.from(
    JSON.stringify({ ...JSON.parse(`${Buffer.from(payload, 'base64url')}`), sub: 'x' }),
  )
  for (const changed of [
    `${header}.${payload}.${forged}`,
    `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    `${header}.${claims.toString('base64url')}.${signature}`,
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.${signature}`,
  ]) {
    t.strictSame(await who(changed), refused)
  }
})

t.test('no more than 1,000 are kept; those that were not used for the longest time leave', async (t) => {
  const verified = new VerifiedTokens()
  const entry = (payload: string) => ({ kid: undefined, alg: 'RS256' as const, key: '', payload })
  for (let i = 0; i < 1_000; i++) {
    verified.add(`token-${i}`, entry(`${i}`))
  }
  t.equal(verified.find('token-0')?.payload, '0')
  verified.add('token-1000', entry('1000'))
  t.equal(verified.find('token-1'), undefined)
  for (const kept of [0, 2, 999, 1000]) {
    t.equal(verified.find(`token-${kept}`)?.payload, `${kept}`)
  }
})
