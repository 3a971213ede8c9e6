import { request } from 'node:http'
import t, { type Test } from 'tap'
import type { ErrorCode } from '../../../src/errors.ts'
import { HostileRequests } from '../../support/hostile.ts'
import {
  answerTo,
  goodParts,
  type RawAnswer,
  type RawStep,
  rawPost,
  sendRaw,
} from '../../support/raw-http.ts'
import { testService } from '../../support/service.ts'

const service = await testService(t)
const hostile = new HostileRequests()

const { authorization, body, good, json, path } = await goodParts(service.callers)
const bare = (line: string, ...headers: string[]) =>
  `${[line, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`

async function refused(t: Test, what: string, steps: RawStep[], code: ErrorCode): Promise<void> {
  t.strictSame(hostile.faults(await answerTo(service.url, steps), code), [], what)
}

/** A request that is unusual, and good. */
async function accepted(t: Test, what: string, request: RawStep): Promise<void> {
  const [answer] = (await sendRaw(service.url, [request], 1)) as [RawAnswer]
  hostile.count(answer, answer.status === 200)
  t.equal(answer.status, 200, what)
}

t.test('a request that is no HTTP/1.1 is invalid_request', async (t) => {
  const broken: Record<string, RawStep[]> = {
    garbage: ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc'],
    'an HTTP/2 preface': ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    'line feeds alone': [`POST ${path} HTTP/1.1\nHost: a\n\n`],
    'a folded field': [rawPost([...good, 'X: a\r\n b'], body)],
    'a space before the colon': [rawPost([...good, 'X : a'], body)],
    'a NUL in a field': [rawPost([...good, 'X: a\0b'], body)],
    'no Host': [bare(`POST ${path} HTTP/1.1`, authorization, json, 'Content-Length: 0')],
    'two Hosts': [rawPost([...good, 'Host: other.test'], body)],
    'two Content-Types': [rawPost([...good, 'Content-Type: text/plain'], body)],
    'two Content-Lengths': [rawPost([...good, 'Content-Length: 16', 'Content-Length: 15'], body)],
    'a negative Content-Length': [rawPost([...good, 'Content-Length: -1'], body)],
    'a signed Content-Length': [rawPost([...good, 'Content-Length: +16'], body)],
    'a hexadecimal Content-Length': [rawPost([...good, 'Content-Length: 0x10'], body)],
    'a Content-Length past all bounds': [rawPost([...good, 'Content-Length: 99999999999999999999'], body)],
    'Content-Length and chunks': [
      rawPost([...good, 'Content-Length: 16', 'Transfer-Encoding: chunked'], `10\r\n${body}\r\n0\r\n\r\n`),
    ],
    'a chunk without a size': [
      rawPost([...good, 'Transfer-Encoding: chunked'], `zz\r\n${body}\r\n0\r\n\r\n`),
    ],
    'a chunk that is too long': [
      rawPost([...good, 'Transfer-Encoding: chunked'], `8\r\n${body}\r\n0\r\n\r\n`),
    ],
    'chunks in gzip': [rawPost([...good, 'Transfer-Encoding: gzip, chunked'], `10\r\n${body}\r\n0\r\n\r\n`)],
    'Transfer-Encoding identity': [rawPost([...good, 'Transfer-Encoding: identity'], body)],
    'two Transfer-Encodings': [
      rawPost(
        [...good, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
        `10\r\n${body}\r\n0\r\n\r\n`,
      ),
    ],
    'a space in the target': [bare('GET /health /live HTTP/1.1', 'Host: a')],
    'another protocol': [bare('GET /health/live ICE/1.0', 'Host: a')],
  }
  for (const [what, steps] of Object.entries(broken)) {
    await refused(t, what, steps, 'invalid_request')
  }
})

t.test('a Content-Length that is too small leaves a second request that is none', async (t) => {
  const answers = await sendRaw(service.url, [rawPost([authorization, json, 'Content-Length: 10'], body)])
  for (const answer of answers) {
    t.strictSame(hostile.faults(answer, ['invalid_json', 'invalid_request']), [])
  }
  t.ok(answers.length > 0)
})

t.test('a head that is too large is head_too_large, a body payload_too_large', async (t) => {
  const large = `{"userId":"${'a'.repeat(17_000)}"}`
  await refused(t, 'a body', [rawPost(good, large)], 'payload_too_large')
  await refused(
    t,
    'a body that is only announced',
    [rawPost([...good, 'Content-Length: 16385'])],
    'payload_too_large',
  )
  const chunks = `4400\r\n${'a'.repeat(0x4400)}\r\n0\r\n\r\n`
  await refused(
    t,
    'a body in chunks',
    [rawPost([...good, 'Transfer-Encoding: chunked'], chunks)],
    'payload_too_large',
  )
  await refused(t, 'a field', [rawPost([...good, `X: ${'a'.repeat(70_000)}`], body)], 'head_too_large')
  for (const length of [70_000, 200_000]) {
    await refused(t, 'a target', [bare(`GET /${'a'.repeat(length)} HTTP/1.1`, 'Host: a')], 'head_too_large')
  }
  const fields = Array.from({ length: 3_000 }, (_, i) => `X${i}: 1`)
  await refused(t, 'too many fields', [rawPost([...good, ...fields], body)], 'head_too_large')
  // Exactly the limit: white space after the value is JSON's.
  await accepted(t, '16 KiB', rawPost(good, body.padEnd(16 * 1024)))
  await refused(t, '16 KiB and a byte', [rawPost(good, body.padEnd(16 * 1024 + 1))], 'payload_too_large')
})

t.test('chunks that are far larger than their body are payload_too_large', async (t) => {
  const chunked = [...good, 'Transfer-Encoding: chunked']
  const bytes = [...body.padEnd(500)]
  const extended = (length: number) => bytes.map((byte) => `1;x=${'e'.repeat(length)}\r\n${byte}\r\n`)
  const last = '0\r\n\r\n'
  await refused(
    t,
    '600 kB of extensions',
    [rawPost(chunked, extended(1_200).join('') + last)],
    'payload_too_large',
  )
  await refused(
    t,
    'the same in packets',
    [
      rawPost(chunked),
      ...extended(1_200).flatMap((chunk, i) => (i % 100 === 0 ? [20, chunk] : [chunk])),
      last,
    ],
    'payload_too_large',
  )
  await refused(
    t,
    'one that is too long',
    [rawPost(chunked, `1;x=${'e'.repeat(20_000)}\r\n`)],
    'payload_too_large',
  )
  await accepted(t, 'short extensions', rawPost(chunked, extended(10).join('') + last))
  const single = [...body.padEnd(16 * 1024)].map((byte) => `1\r\n${byte}\r\n`)
  await accepted(t, '16 KiB in chunks of one byte', rawPost(chunked, single.join('') + last))
})

t.test('a body is asked for once it is known that it is wanted (100-continue)', async (t) => {
  const bearer = authorization.slice('Authorization: '.length)
  /** The status, and whether the body was asked for before. */
  const ask = (target: string, headers: Record<string, string | number>) =>
    new Promise<[status: number | undefined, asked: boolean, connection: string | undefined]>(
      (resolve, reject) => {
        let asked = false
        const fields = { 'content-type': 'application/json', 'content-length': body.length, ...headers }
        const sent = request(service.url + target, {
          method: 'POST',
          headers: { ...fields, expect: '100-continue' },
        })
        sent.on('continue', () => {
          asked = true
          sent.end(body)
        })
        sent.on('response', (response) => {
          resolve([response.statusCode, asked, response.headers.connection])
          sent.destroy()
        })
        sent.on('error', reject)
        sent.flushHeaders()
      },
    )
  t.strictSame((await ask(path, { authorization: bearer })).slice(0, 2), [200, true])
  const unasked: [string, Record<string, string | number>, number][] = [
    [path, {}, 401],
    [path, { authorization: 'Bearer a.b.c' }, 401],
    ['/v1/profiles/nobody/tokens', { authorization: bearer }, 404],
    ['/nothing', { authorization: bearer }, 404],
    ['/metrics', { authorization: bearer }, 405],
    [path, { authorization: bearer, 'content-encoding': 'gzip' }, 415],
    [path, { authorization: bearer, 'content-length': 20_000 }, 413],
  ]
  for (const [target, headers, status] of unasked) {
    t.strictSame(
      await ask(target, headers),
      [status, false, 'close'],
      `${target} ${JSON.stringify(headers).length}`,
    )
  }
})

t.test('what is unusual and allowed is accepted', async (t) => {
  const chunked = [...good, 'Transfer-Encoding: chunked']
  await accepted(
    t,
    'chunks',
    rawPost(chunked, `8\r\n${body.slice(0, 8)}\r\n8;ext=1\r\n${body.slice(8)}\r\n0\r\nX: trailer\r\n\r\n`),
  )
  await accepted(t, 'CHUNKED', rawPost([...good, 'Transfer-Encoding: CHUNKED'], `10\r\n${body}\r\n0\r\n\r\n`))
  await accepted(t, 'Expect: 100-continue', rawPost([...good, 'Expect: 100-continue'], body))
  await accepted(t, 'an expectation that nobody knows', rawPost([...good, 'Expect: tea'], body))
  await accepted(
    t,
    'an upgrade that nobody offers',
    rawPost([authorization, json, 'Connection: Upgrade', 'Upgrade: websocket'], body),
  )
  await accepted(
    t,
    'HTTP/1.0 without Host',
    bare(`POST ${path} HTTP/1.0`, authorization, json, 'Content-Length: 16') + body,
  )
})

t.test('figures', async (t) => hostile.report(t))
