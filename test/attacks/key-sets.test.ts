import { generateKeyPairSync } from 'node:crypto'
import type { JWK } from 'jose'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { build } from '../../src/build.ts'
import { JwksCallerKeys } from '../../src/http/callers/jwks-caller-keys.ts'
import { type JwksServer, jwksServer } from '../support/jwks-server.ts'
import { standIn } from '../support/stand-in.ts'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const good = { ...(publicKey.export({ format: 'jwk' }) as JWK), kid: 'good' }
const whole = { ...(privateKey.export({ format: 'jwk' }) as JWK), kid: 'whole' }
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }) as JWK
const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }) as JWK
const noUsable = "the callers' key set holds no usable key: no caller gets in"
const someUnused = "some keys of the callers' key set are not used"
const notFetched = "the callers' key set could not be fetched"

/** The keys of a set, and what the log says of it. */
async function fetched(t: Pick<Test, 'teardown'>, server: Pick<JwksServer, 'url'>) {
  const lines: Record<string, unknown>[] = []
  const log = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(JSON.parse(line)) })
  const keys = new JwksCallerKeys(server.url, { refresh: 3_600, cooldown: 3_600, maxStale: 3_600 }, log)
  t.teardown(() => keys.stop())
  await keys.start()
  return { keys, lines }
}

/** Sets, with the usable kids and the log's lines. */
const sets: Readonly<Record<string, [keys: unknown[], usable: boolean, lines: object[]]>> = {
  'a good key': [[good], true, []],
  'a good and a weak key': [[good, weak], true, [{ msg: someUnused, unusable: { weak: 1 }, usable: 1 }]],
  'a weak key alone': [[weak], false, [{ msg: noUsable, unusable: { weak: 1 } }]],
  'a key for encryption': [
    [good, { ...good, kid: 'e', use: 'enc' }],
    true,
    [{ unusable: { not_for_signatures: 1 } }],
  ],
  'a private key': [[whole], false, [{ msg: noUsable }, { msg: /shows a private key/, keys: 1 }]],
  'a good and a private key': [[good, whole], true, [{ msg: someUnused }, { msg: /shows a private key/ }]],
  'a key that says Ed25519': [[good, { ...ed, alg: 'Ed25519' }], true, []],
  'what is no key': [[good, 7, null, 'x'], true, [{ unusable: { malformed: 3 } }]],
  'no key at all': [[], false, [{ msg: noUsable, unusable: {} }]],
  'more keys than an issuer has': [
    Array(501).fill(good),
    false,
    [{ msg: notFetched, reason: /more than 500/ }],
  ],
}

t.test('the log says which keys of a set are not used, and nothing of them', async (t) => {
  for (const [what, [keys, usable, expected]] of Object.entries(sets)) {
    const server = await jwksServer(t, keys as JWK[])
    const { keys: known, lines } = await fetched(t, server)
    t.equal(known.ready(), usable, what)
    t.equal(lines.length, expected.length, `${what}: ${JSON.stringify(lines)}`)
    t.match(lines, expected, what)
    for (const secret of [whole.d, weak.n]) {
      t.notOk(JSON.stringify(lines).includes(secret as string))
    }
  }
})

t.test('what is no set is named, and a good set stays', async (t) => {
  const answers: Readonly<Record<string, [status: number, text: string, reason: RegExp]>> = {
    'no JSON': [200, '<html>', /^the answer is not JSON$/],
    nothing: [200, '', /^the answer is not JSON$/],
    'no set': [200, '{}', /^the answer is no JWK Set$/],
    'a refusal': [403, 'no', /^the issuer answered 403$/],
    'a redirect': [302, '', /^the issuer answered 302$/],
    'a megabyte': [200, ' '.repeat(1e6), /^more than 262144 bytes$/],
    'deep lists': [200, `{"keys":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /no usable|^/],
  }
  for (const [what, [status, text, reason]] of Object.entries(answers)) {
    const server = await jwksServer(t, [])
    server.answer = (_request, response) =>
      void response.writeHead(status, { location: server.url }).end(text)
    const { keys, lines } = await fetched(t, server)
    t.notOk(keys.ready(), what)
    if (what !== 'deep lists') {
      t.match(lines, [{ msg: notFetched, reason }], what)
    }
  }
  const marked = await jwksServer(t, [])
  marked.answer = (_request, response) => void response.end(`\uFEFF${JSON.stringify({ keys: [good] })}`)
  t.ok((await fetched(t, marked)).keys.ready(), 'a byte-order mark')
})

t.test('the issuer is told who asks, and for what', async (t) => {
  const issuer = await standIn(t, (_request, response) => void response.end(JSON.stringify({ keys: [good] })))
  await fetched(t, issuer)
  const headers = issuer.requests[0]?.headers
  t.equal(headers?.['user-agent'], `padlock/${build.version}`)
  t.match(headers?.accept, /^application\/json(,|$)/)
  t.match(headers?.accept, 'application/jwk-set+json')
})
