import { generateKeyPairSync } from 'node:crypto'
import type { JWK } from 'jose'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { JwksCallerKeys, type JwksTimes } from '../../../src/http/callers/jwks-caller-keys.ts'
import { type JwksServer, jwksServer } from '../../support/jwks-server.ts'

const jwk = (kid: string): JWK => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...(publicKey.export({ format: 'jwk' }) as JWK), kid }
}
const never = 3_600
const times: JwksTimes = { refresh: never, cooldown: never, maxStale: never * 4 }

async function opened(t: Pick<Test, 'teardown'>, server: JwksServer, changes: Partial<JwksTimes> = {}) {
  const keys = new JwksCallerKeys(server.url, { ...times, ...changes }, pino({ level: 'silent' }))
  t.teardown(() => keys.stop())
  await keys.start()
  return keys
}

/** Waits until it is so; the test's own time limit ends a wait for what never comes. */
async function until(so: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await so())) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

t.test('a key of the set is found without a word to the issuer', async (t) => {
  const server = await jwksServer(t, [jwk('a'), jwk('b')])
  const keys = await opened(t, server)
  t.ok(keys.ready())
  for (let i = 0; i < 100; i++) {
    t.match(await keys.find('a', 'ES256'), /BEGIN PUBLIC KEY/)
  }
  t.equal(server.requests, 1)
})

t.test('unknown kids cannot be used to hammer the issuer', async (t) => {
  const server = await jwksServer(t, [jwk('a')])
  const keys = await opened(t, server)
  const unknown = Array.from({ length: 500 }, (_, i) => `unknown-${i}`)
  t.strictSame(
    new Set(await Promise.all(unknown.map((kid) => keys.find(kid, 'ES256')))),
    new Set([undefined]),
  )
  for (const kid of unknown) {
    t.equal(await keys.find(kid, 'ES256'), undefined)
  }
  t.equal(server.requests, 2, 'one at start, one for a thousand unknown kids within the cooldown')
  t.comment(`${server.requests} requests to the JWKS URL for 1,000 unknown kids`)
  t.ok(await keys.find('a', 'ES256'), 'and the known one is good all the while')
})

t.test('a new key of the issuer is followed at once, even right after start', async (t) => {
  const server = await jwksServer(t, [jwk('a')])
  const keys = await opened(t, server)
  server.keys = [jwk('b')]
  t.match(await keys.find('b', 'ES256'), /BEGIN PUBLIC KEY/)
  t.equal(await keys.find('a', 'ES256'), undefined, 'and the old one is gone with it')
})

t.test('after the cooldown the next unknown kid asks again', async (t) => {
  const server = await jwksServer(t, [jwk('a')])
  const keys = await opened(t, server, { cooldown: 0.05 })
  t.equal(await keys.find('b', 'ES256'), undefined)
  server.keys.push(jwk('b'))
  await until(async () => (await keys.find('b', 'ES256')) !== undefined)
  t.pass('found')
})

t.test(
  'a key that the issuer took back is gone at the next refresh, though no unknown kid asks',
  async (t) => {
    const server = await jwksServer(t, [jwk('a'), jwk('b')])
    const keys = await opened(t, server, { refresh: 0.05 })
    server.keys.shift()
    await until(async () => (await keys.find('a', 'ES256')) === undefined)
    t.ok(await keys.find('b', 'ES256'))
  },
)

t.test('an issuer that takes back every key lets nobody in', async (t) => {
  const server = await jwksServer(t, [jwk('a')])
  const keys = await opened(t, server, { refresh: 0.05 })
  server.keys = []
  await until(() => !keys.ready())
  await t.rejects(keys.find('a', 'ES256'), { code: 'caller_keys_unavailable' })
})

const bad: Record<string, NonNullable<JwksServer['answer']>> = {
  'an error': (_request, response) => response.writeHead(500).end('{"keys":[]}'),
  garbage: (_request, response) => response.end('<html>'),
  'no set': (_request, response) => response.end('{"keys":null}'),
  nothing: (_request, response) => response.end(),
  'a huge set': (_request, response) => response.end(`{"keys":[${'{},'.repeat(100_000)}{}]}`),
  'a huge set without an end': (_request, response) => {
    const more = () => response.write('{"keys":[],'.repeat(10_000), more)
    more()
  },
  'a broken connection': (_request, response) => response.destroy(),
  'half an answer': (_request, response) => {
    response.writeHead(200, { 'content-length': 1_000 }).write('{"keys":[')
    setTimeout(() => response.destroy(), 5)
  },
}
for (const [what, answer] of Object.entries(bad)) {
  t.test(`known keys stay good when the issuer answers with ${what}, and no others get in`, async (t) => {
    const server = await jwksServer(t, [jwk('a')])
    const keys = await opened(t, server)
    server.answer = answer
    t.equal(await keys.find('b', 'ES256'), undefined)
    t.equal(server.requests, 2)
    t.ok(await keys.find('a', 'ES256'))
  })
}

t.test('a caller with a known key does not wait for an issuer that hangs', async (t) => {
  const server = await jwksServer(t, [jwk('a')])
  const keys = await opened(t, server)
  let hangUp = () => {}
  server.answer = (_request, response) => {
    hangUp = () => response.destroy()
  }
  let settled = false
  const unknown = keys.find('b', 'ES256').finally(() => {
    settled = true
  })
  await until(() => server.requests === 2)
  t.ok(await keys.find('a', 'ES256'))
  t.notOk(settled)
  hangUp()
  t.equal(await unknown, undefined)
})

t.test('a redirect is not followed', async (t) => {
  const elsewhere = await jwksServer(t, [jwk('evil')])
  const server = await jwksServer(t, [jwk('a')])
  const keys = await opened(t, server, { cooldown: 0 })
  for (const status of [301, 302, 303, 307, 308]) {
    server.answer = (_request, response) => response.writeHead(status, { location: elsewhere.url }).end()
    t.equal(await keys.find('evil', 'ES256'), undefined)
  }
  t.equal(server.requests, 6)
  t.equal(elsewhere.requests, 0)
})

t.test(
  'known keys stay good while the issuer is down, for a bounded time, and it recovers by itself',
  async (t) => {
    const server = await jwksServer(t, [jwk('a')])
    const keys = await opened(t, server, { refresh: 0.05, maxStale: 2 })
    server.answer = bad['a broken connection']
    const before = server.requests
    await until(() => server.requests > before)
    t.ok(await keys.find('a', 'ES256'), 'good after a refresh that failed')
    await until(() => !keys.ready())
    await t.rejects(keys.find('a', 'ES256'), { code: 'caller_keys_unavailable' }, 'no longer than it is told')
    server.answer = undefined
    await until(() => keys.ready())
    t.ok(await keys.find('a', 'ES256'))
  },
)

t.test('an issuer that is down at start is asked again though nobody calls', async (t) => {
  const server = await jwksServer(t, [jwk('a')])
  server.answer = bad['an error']
  const keys = await opened(t, server)
  t.notOk(keys.ready())
  await t.rejects(keys.find('a', 'ES256'), { code: 'caller_keys_unavailable' })
  server.answer = undefined
  await until(() => keys.ready())
  t.ok(await keys.find('a', 'ES256'))
})
