import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { HostileRequests } from '../support/hostile.ts'
import { answerTo, goodParts, type RawAnswer, rawPost, sendRaw } from '../support/raw-http.ts'
import { testService } from '../support/service.ts'

const deadlineMs = 2_000
const service = await testService(t, { PADLOCK_REQUEST_DEADLINE_MS: String(deadlineMs) })
const hostile = new HostileRequests()
const { authorization, body, json, path } = await goodParts(service.callers)
/** The first answer, whether the connection goes on or not. */
const first = async (request: Buffer | string) => (await sendRaw(service.url, [request], 1))[0] as RawAnswer
const get = (target: string) =>
  answerTo(service.url, [`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`])

t.test('no path leads out of the folder of the page', async (t) => {
  const paths = [
    '/docs/../package.json',
    '/docs/static/../../package.json',
    '/docs/static/%2e%2e/%2e%2e/package.json',
    '/docs/static/..%2f..%2fpackage.json',
    '/docs/static/..%5c..%5cpackage.json',
    '/docs/static/%252e%252e/package.json',
    '/docs/static/%c0%ae%c0%ae/package.json',
    '/docs/static/package.json%00.js',
    '/docs/static//etc/passwd',
    '/docs//example.test/..',
    '/docs/static/.',
  ]
  for (const target of paths) {
    t.strictSame(hostile.faults(await get(target), 'not_found'), [], target)
  }
})

t.test('names of prototypes are names like others', async (t) => {
  for (const query of [
    '__proto__[polluted]=1',
    'constructor[prototype][polluted]=1',
    '__proto__=1&__proto__=2',
  ]) {
    const answer = await get(`/health/ready?${query}`)
    hostile.count(answer, answer.status === 200)
    t.equal(answer.status, 200)
    t.notMatch(answer.body, 'polluted')
  }
  for (const name of ['__proto__', 'constructor', 'hasOwnProperty', '%2e%2e', '..%2fdefault']) {
    t.strictSame(hostile.faults(await get(`/v1/profiles/${name}/jwks.json`), 'profile_not_found'), [], name)
  }
})

t.test('a request inside the body of another is never answered', async (t) => {
  const inner = 'GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n'
  const head = `POST ${path} HTTP/1.1\r\nHost: a\r\n${authorization}\r\n${json}\r\n`
  const framings = [
    `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    `Content-Length: 5\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n${inner}`,
    `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`,
    `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${inner}`,
    `Content-Length: 16, 16\r\n\r\n${body}${inner}`,
    `Content-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    `Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${inner}`,
    `Transfer-Encoding: chunked\r\n\r\n10\n${body}\n0\n\n${inner}`,
  ]
  for (const framing of framings) {
    const answers = await sendRaw(service.url, [head + framing])
    t.equal(answers.length, 1, framing.slice(0, 40))
    for (const answer of answers) {
      t.strictSame(hostile.faults(answer, 'invalid_request'), [])
    }
  }
  const long = `${head}Content-Length: ${body.length + inner.length}\r\n\r\n${body}${inner}`
  t.strictSame(hostile.faults(await answerTo(service.url, [long]), 'invalid_json'), [], 'it is the body')
})

t.test('no other protocol is spoken, nor changed to', async (t) => {
  for (const request of ['GET /health/live\r\n\r\n', 'GET /health/live HTTP/2.0\r\nHost: a\r\n\r\n']) {
    t.strictSame(hostile.faults(await first(request), 'invalid_request'), [], request)
  }
  for (const protocol of ['h2c', 'websocket']) {
    const upgrade = `GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`
    const answer = await first(upgrade)
    hostile.count(answer, answer.status === 200)
    t.equal(answer.status, 200, 'the wish is passed over (RFC 9110 §7.8)')
  }
})

t.test('a body that would grow is not unpacked', async (t) => {
  for (const coding of ['gzip', 'deflate', 'br', 'zstd', 'identity, gzip']) {
    const request = rawPost([authorization, json, `Content-Encoding: ${coding}`, 'Content-Length: 4'], 'abcd')
    t.strictSame(hostile.faults(await first(request), 'unsupported_media_type'), [], coding)
  }
})

t.test('hundreds of connections that never end a request keep nobody from a token', async (t) => {
  const sockets = await Promise.all(
    Array.from({ length: 500 }, async (_value, i) => {
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
      socket.write(i % 2 === 0 ? 'GET /health/live HTTP/1.1\r\nX:' : `POST ${path} HTTP/1.1\r\nHost: a\r\n`)
      socket.resume()
      return { socket, closed: new Promise((resolve) => socket.once('close', resolve)) }
    }),
  )
  const drip = setInterval(() => {
    for (const { socket } of sockets) {
      if (socket.writable) {
        socket.write('a')
      }
    }
  }, 100)
  t.teardown(() => clearInterval(drip))
  t.equal((await service.issue({ userId: 'customer-8714' })).status, 200)
  await Promise.all(sockets.map(({ closed }) => closed))
  t.equal((await service.issue({ userId: 'customer-8714' })).status, 200)
})

t.test('figures', async (t) => {
  hostile.report(t)
  t.strictSame(
    service.log.filter(({ level }) => level === 'error' || level === 'fatal'),
    [],
  )
})
