import fc from 'fast-check'
import t from 'tap'
import { acceptedClaims } from '../support/accepted.ts'
import { goodParts, nextAnswer, type RawAnswer, type RawStep, rawPost, sendRaw } from '../support/raw-http.ts'
import { testService } from '../support/service.ts'

const deadlineMs = 1_000
const service = await testService(t, { PADLOCK_REQUEST_DEADLINE_MS: String(deadlineMs) })
const { authorization, json, path } = await goodParts(service.callers)

/** What is sent as one request. */
interface Sent {
  bytes: Buffer
  /** whether a token for its own userId may stand in its place; otherwise no token may */
  good: boolean
}

const bodyOf = (userId: string) => JSON.stringify({ userId })
const chunks = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
const smuggled = rawPost([authorization, json], bodyOf('visitor-smuggled'))
const plainText = 'Content-Type: text/plain'
const upgrade = ['Connection: Upgrade', 'Upgrade: h2c']

/** Each kind of request, whole or broken, for a userId. */
const kinds: Record<string, (userId: string) => Sent> = {
  good: (id) => ({ bytes: rawPost([authorization, json], bodyOf(id)), good: true }),
  'in chunks': (id) => ({
    bytes: rawPost([authorization, json, 'Transfer-Encoding: chunked'], chunks(bodyOf(id))),
    good: true,
  }),
  'empty line after it': (id) => ({
    bytes: Buffer.concat([rawPost([authorization, json], bodyOf(id)), Buffer.from('\r\n')]),
    good: true,
  }),
  Upgrade: (id) => ({ bytes: rawPost([authorization, json, ...upgrade], bodyOf(id)), good: true }),
  '100-continue': (id) => ({
    bytes: rawPost([authorization, json, 'Expect: 100-continue'], bodyOf(id)),
    good: true,
  }),
  'another expectation': (id) => ({
    bytes: rawPost([authorization, json, 'Expect: tea'], bodyOf(id)),
    good: true,
  }),
  close: (id) => ({ bytes: rawPost([authorization, json, 'Connection: close'], bodyOf(id)), good: true }),
  'HTTP/1.0': (id) => ({
    bytes: Buffer.from(
      `POST ${path} HTTP/1.0\r\nConnection: keep-alive\r\n${authorization}\r\n${json}\r\nContent-Length: ${bodyOf(id).length}\r\n\r\n${bodyOf(id)}`,
    ),
    good: true,
  }),
  GET: () => ({ bytes: Buffer.from('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n'), good: false }),
  CONNECT: () => ({ bytes: Buffer.from('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'), good: false }),
  'unknown method': () => ({ bytes: Buffer.from(`BREW ${path} HTTP/1.1\r\nHost: a\r\n\r\n`), good: false }),
  '401, a request in its body': () => ({ bytes: rawPost([json], smuggled), good: false }),
  '415, a request in its body': () => ({ bytes: rawPost([authorization, plainText], smuggled), good: false }),
  '400, a request in its body': () => ({ bytes: rawPost([authorization, json], smuggled), good: false }),
  '413, a request in its body': () => ({
    bytes: rawPost([authorization, json], Buffer.concat([Buffer.alloc(17_000, ' '), smuggled])),
    good: false,
  }),
  '413 in chunks': () => ({
    bytes: rawPost(
      [authorization, json, 'Transfer-Encoding: chunked'],
      chunks(' '.repeat(17_000) + smuggled.toString('latin1')),
    ),
    good: false,
  }),
  '401 with 100-continue': () => ({ bytes: rawPost([json, 'Expect: 100-continue'], smuggled), good: false }),
  '404, a request in its body': () => ({
    bytes: rawPost([authorization, json], smuggled, '/nothing'),
    good: false,
  }),
  'a body that is too long for its length': (id) => ({
    bytes: rawPost([authorization, json, 'Content-Length: 5'], bodyOf(id)),
    good: false,
  }),
  'a body that does not end': (id) => ({
    bytes: rawPost([authorization, json, 'Content-Length: 9999'], bodyOf(id)),
    good: false,
  }),
  'a chunk without a size': (id) => ({
    bytes: rawPost([authorization, json, 'Transfer-Encoding: chunked'], `zz\r\n${bodyOf(id)}\r\n0\r\n\r\n`),
    good: false,
  }),
  'both lengths': () => ({
    bytes: rawPost(
      [authorization, json, 'Content-Length: 5', 'Transfer-Encoding: chunked'],
      `0\r\n\r\n${smuggled}`,
    ),
    good: false,
  }),
  garbage: () => ({ bytes: Buffer.from('\x16\x03\x01 garbage\r\n\r\n'), good: false }),
}

async function userIdOf({ body }: RawAnswer): Promise<unknown> {
  const { token } = body.startsWith('{') ? JSON.parse(body) : {}
  return token && (await acceptedClaims(token, service))['https://iadvize.com/userId']
}

let connections = 0
let tokens = 0
let requests = 0

/** Sends the requests, cut where it is said, and reads what stands in the place of each. */
async function inPlace(names: string[], cuts: number[], waits: boolean): Promise<void> {
  const connection = connections++
  const sent = names.map((name, i) => (kinds[name] as (id: string) => Sent)(`visitor-${connection}-${i}`))
  const steps: RawStep[] = []
  if (waits) {
    for (const { bytes } of sent) {
      steps.push(bytes, nextAnswer)
    }
  } else {
    const all = Buffer.concat(sent.map(({ bytes }) => bytes))
    const at = [0, ...cuts.map((cut) => cut % all.length).sort((x, y) => x - y), all.length]
    for (const [i, start] of at.slice(0, -1).entries()) {
      steps.push(all.subarray(start, at[i + 1]), 2)
    }
    for (const _one of sent) {
      steps.push(nextAnswer)
    }
  }
  // A moment for an answer too many.
  const answers = await sendRaw(service.url, [...steps, 20, null])
  const got = await Promise.all(answers.map(userIdOf))
  for (const [i, userId] of got.entries()) {
    if (userId === undefined) {
      continue
    }
    tokens += 1
    const own = sent[i]?.good ? `visitor-${connection}-${i}` : 'none'
    if (userId !== own) {
      throw new Error(`${userId} in the place of ${own}`)
    }
  }
  requests += sent.length
}

t.test('every kind, followed by a good request, each way', async (t) => {
  const pairs = Object.keys(kinds).flatMap((name) => [true, false].map((waits) => [name, waits] as const))
  for (const [name, waits] of pairs) {
    try {
      await inPlace([name, 'good', 'good'], [], waits)
      t.pass(`${name}, ${waits ? 'one after the other' : 'at once'}`)
    } catch (error) {
      t.fail(`${name}, ${waits ? 'one after the other' : 'at once'}: ${(error as Error).message}`)
    }
  }
})

t.test('whatever comes on one connection, each token stands in the place of its own request', async (t) => {
  const name = fc.constantFrom(...Object.keys(kinds), ...Array<string>(10).fill('good'))
  const connection = fc.tuple(
    fc.array(name, { minLength: 2, maxLength: 6 }),
    fc.array(fc.nat(100_000), { maxLength: 4 }),
    fc.boolean(),
  )
  const property = fc.asyncProperty(fc.array(connection, { minLength: 8, maxLength: 8 }), async (several) => {
    await Promise.all(several.map((one) => inPlace(...one)))
  })
  await fc.assert(property, { numRuns: 40, endOnFailure: true })
  t.comment(`${connections} connections, ${requests} requests, ${tokens} tokens, each in its place`)
  t.ok(tokens > 100)
})
