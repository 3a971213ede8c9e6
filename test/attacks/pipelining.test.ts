import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { testAuthority } from '../support/certificates.ts'
import { httpsRequest } from '../support/https.ts'
import { type Pipelined, sendAll } from '../support/pipelined.ts'
import { peakMemoryMb, processorMs } from '../support/process-use.ts'
import { goodParts, rawPost } from '../support/raw-http.ts'
import { startService, type TestService, testBackend } from '../support/service.ts'

/** As many connections at once, and as many requests on each, as stopped the service. */
const connections = 20
const requests = 1_400
/** Processor time of Padlock between sending and receiving, for all of them, and its memory from the start. */
const mostProcessorMs = 250
const mostMemoryMb = 300
/** The deadline of others' requests: generous, since what would fail here is a service that works for those connections alone. */
const othersMs = 5_000

const backend = await testBackend(t)
const authority = await testAuthority(backend.vault, 'listener')
const { certFile, keyFile } = await authority.issue('padlock.test', { ip: '127.0.0.1' })
const ca = authority.caPem
const deadline = { PADLOCK_REQUEST_DEADLINE_MS: String(othersMs) }
const plain = await startService(t, backend, deadline)
const secure = await startService(
  t,
  backend,
  { ...deadline, PADLOCK_TLS_CERT_FILE: certFile, PADLOCK_TLS_KEY_FILE: keyFile },
  { ca },
)
const { authorization, body, json, path } = await goodParts(backend.callers)
const caller = authorization.slice('Authorization: '.length)

const get = (target: string, method = 'GET', ...fields: string[]) =>
  `${[`${method} ${target} HTTP/1.1`, 'Host: a', ...fields].join('\r\n')}\r\n\r\n`
const bundle = '/docs/static/swagger-ui-bundle.js'

/** Each kind of request, and the status of its one answer. */
const kinds: Record<string, [request: string | Buffer, status: number]> = {
  metrics: [get('/metrics'), 200],
  'HEAD of metrics': [get('/metrics', 'HEAD'), 200],
  'the document': [get('/openapi.json'), 200],
  'HEAD of the document': [get('/openapi.json', 'HEAD'), 200],
  'the page': [get('/docs'), 200],
  "the page's largest file": [get(bundle), 200],
  'HEAD of it': [get(bundle, 'HEAD'), 200],
  'the document of the page': [get('/docs/json'), 200],
  'a file that the page does not use': [get('/docs/static/oauth2-redirect.html'), 404],
  readiness: [get('/health/ready'), 200],
  'public keys': [get('/v1/profiles/default/jwks.json'), 200],
  'a public key': [get('/v1/profiles/default/public-key.pem'), 200],
  'no such address': [get('/nothing'), 404],
  'an address that cannot be decoded': [get('/%'), 404],
  'no such profile': [get('/v1/profiles/nobody/jwks.json'), 404],
  'another method': [get('/metrics', 'DELETE'), 405],
  'a method that Node does not know': [get('/metrics', 'BREW'), 405],
  OPTIONS: [get(path, 'OPTIONS'), 405],
  CONNECT: [get('a:443', 'CONNECT'), 404],
  'no Host': ['GET / HTTP/1.1\r\n\r\n', 400],
  'another version': ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', 400],
  'HTTP/1.0, kept alive': ['GET /metrics HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', 200],
  'an expectation': [get('/metrics', 'GET', 'Expect: tea'), 200],
  '100-continue': [get('/metrics', 'GET', 'Expect: 100-continue'), 200],
  'another protocol': [get('/metrics', 'GET', 'Connection: Upgrade', 'Upgrade: h2c'), 200],
  'no caller': [rawPost([json], body), 401],
  'no caller, in chunks': [rawPost([json, 'Transfer-Encoding: chunked'], `10\r\n${body}\r\n0\r\n\r\n`), 401],
  'a caller with a bad token': [rawPost(['Authorization: Bearer a.b.c', json], body), 401],
  'a body of another type': [rawPost([authorization, 'Content-Type: text/plain'], body), 415],
  'a body that is no JSON': [rawPost([authorization, json], '{'), 400],
  tokens: [rawPost([authorization, json], body), 200],
  'an empty line between': [`${get('/metrics')}\r\n`, 200],
}

/** What others get meanwhile, and how long it took, in milliseconds. */
async function others(service: TestService): Promise<number> {
  const tls = service === secure ? { ca } : undefined
  const ask = async (target: string, method: string, sent?: string) => {
    const headers = { authorization: caller, 'content-type': 'application/json' }
    if (tls !== undefined) {
      return httpsRequest(service.url + target, { ...tls, method, headers, ...(sent && { body: sent }) })
    }
    return fetch(service.url + target, { method, headers, ...(sent && { body: sent }) })
  }
  const start = performance.now()
  const [live, token] = await Promise.all([ask('/health/live', 'GET'), ask(path, 'POST', body)])
  if (live.status !== 200 || token.status !== 200) {
    throw new Error(`${live.status}, ${token.status}`)
  }
  return performance.now() - start
}

let inputs = 0
let mostUsed = 0
let slowest = 0

/** Processor time that something takes of a process, in milliseconds: the least of three, since the machine is shared. */
async function processorMsOf(pid: number, work: () => Promise<unknown>, mostMs: number): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3 && leastMs >= mostMs; i++) {
    const before = processorMs(pid)
    await work()
    leastMs = Math.min(leastMs, processorMs(pid) - before)
  }
  return leastMs
}

async function attack(t: Test, service: TestService, what: string): Promise<void> {
  const [request, status] = kinds[what] as [string | Buffer, number]
  const all = Buffer.concat(Array(requests).fill(Buffer.from(request)))
  const tls = service === secure ? ca : undefined
  const right: Pipelined = { statuses: [status], closes: 1 }
  let othersTookMs = Number.POSITIVE_INFINITY
  const send = async () => {
    const attacks = Array.from({ length: connections }, () => sendAll(service.url, [all], tls))
    const [answers, tookMs] = await Promise.all([Promise.all(attacks), others(service)])
    othersTookMs = Math.min(othersTookMs, tookMs)
    t.strictSame(answers, Array(connections).fill(right), `${what}: one answer each, and the connection ends`)
  }
  const usedMs = await processorMsOf(service.process.pid as number, send, mostProcessorMs)
  inputs += 1
  mostUsed = Math.max(mostUsed, usedMs)
  slowest = Math.max(slowest, othersTookMs)
  t.ok(usedMs < mostProcessorMs, `${what}: ${usedMs} ms of processor time`)
  t.ok(othersTookMs < othersMs, `${what}: others after ${othersTookMs.toFixed(0)} ms`)
}

// What is made once is made.
for (const service of [plain, secure]) {
  await others(service)
}

for (const [name, service] of Object.entries({ plain, secure })) {
  t.test(
    `${connections} connections with ${requests} requests each cost as little as one each: ${name}`,
    async (t) => {
      const lines = service.log.length
      for (const what of Object.keys(kinds)) {
        await attack(t, service, what)
      }
      // A request each, and what the others ask for: no line for what was not served.
      const most = Object.keys(kinds).length * (connections + 2)
      t.ok(service.log.length - lines <= most, `${service.log.length - lines} lines`)
      const memory = peakMemoryMb(service.process.pid as number)
      t.ok(memory < mostMemoryMb, `${memory.toFixed(0)} MB`)
      t.comment(
        `${inputs} inputs; at most ${mostUsed} ms of processor time, others after ${slowest.toFixed(0)} ms, ${memory.toFixed(0)} MB`,
      )
    },
  )
}

t.test('in whatever pieces they come, only the first is served', async (t) => {
  const two = get('/metrics') + get('/openapi.json')
  const post = rawPost([authorization, json], body)
  const pieces: Record<string, [(string | Buffer)[], number]> = {
    'in one packet': [[two], 200],
    'with an empty line between': [[get('/metrics'), '\r\n', get('/metrics')], 200],
    'in the middle of the second head': [[two.slice(0, -20), two.slice(-20)], 200],
    'in the middle of the first blank line': [[get('/metrics').slice(0, -2), `\r\n${get('/metrics')}`], 200],
    'a token, then its body with the next': [
      [post.subarray(0, -16), Buffer.concat([post.subarray(-16), post])],
      200,
    ],
    'behind a body in chunks': [
      [
        rawPost(
          [authorization, json, 'Transfer-Encoding: chunked'],
          `10\r\n${body}\r\n0\r\n\r\n${get('/metrics')}`,
        ),
      ],
      200,
    ],
    'broken HTTP behind it': [[get('/metrics'), 'garbage\r\n\r\n'.repeat(100)], 200],
    'broken HTTP in the same packet': [[Buffer.concat([post, Buffer.from('garbage\r\n\r\n')])], 200],
    'an unknown method behind it': [[Buffer.concat([post, Buffer.from(get('/', 'BREW'))])], 200],
    'CONNECT behind it': [[Buffer.concat([post, Buffer.from(get('a:443', 'CONNECT'))])], 200],
    'more bytes than are read': [[get('/metrics'), Buffer.alloc(8_000_000, get('/metrics'))], 200],
  }
  const standing: [string, TestService, string | undefined][] = [
    ['plain', plain, undefined],
    ['TLS', secure, ca],
  ]
  for (const [what, [sent, status]] of Object.entries(pieces)) {
    for (const [how, service, tls] of standing) {
      // A collection of the metrics keeps the first unanswered while the rest comes.
      await sendAll(service.url, [get('/metrics', 'GET', 'Connection: close')], tls)
      const { statuses, closes } = await sendAll(service.url, sent, tls)
      inputs += 1
      t.strictSame(statuses, [status], `${what}, ${how}`)
      t.equal(closes, 1, `${what}, ${how}`)
    }
  }
})

t.test('requests one after the other go on as ever, on one connection', async (t) => {
  const inTurn = async (service: TestService, tls?: string): Promise<string> => {
    const to = { host: '127.0.0.1', port: Number(new URL(service.url).port) }
    const socket = tls === undefined ? connect(to) : connectTls({ ...to, ca: tls })
    t.teardown(() => socket.destroy())
    let text = ''
    let come = () => {}
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      come()
    })
    socket.on('close', () => come())
    for (let i = 1; i <= 100 && !socket.destroyed; i++) {
      socket.write(i % 2 === 0 ? get('/health/live') : rawPost([authorization, json], body))
      // At once, so that the next meets Padlock before it has seen the end of the last.
      while ((text.match(/HTTP\/1\.1 200 [\s\S]*?}/g)?.length ?? 0) < i && !socket.destroyed) {
        await new Promise<void>((resolve) => {
          come = resolve
        })
      }
    }
    return text
  }
  const eight = Array.from({ length: 8 })
  const texts = await Promise.all(eight.flatMap(() => [inTurn(plain), inTurn(secure, ca)]))
  inputs += texts.length
  for (const text of texts) {
    t.equal(text.match(/HTTP\/1\.1 200 /g)?.length, 100)
    t.notMatch(text, /connection: close/i)
  }
})

t.test('what is dear is made once for many connections that ask for it once', async (t) => {
  const pid = plain.process.pid as number
  for (const target of ['/metrics', '/openapi.json', '/docs/json', '/docs']) {
    const ask = async () => {
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => sendAll(plain.url, [get(target, 'GET', 'Connection: close')])),
      )
      t.ok(
        answers.every(({ statuses }) => statuses[0] === 200),
        target,
      )
    }
    const usedMs = await processorMsOf(pid, ask, 2 * mostProcessorMs)
    inputs += 1
    t.ok(usedMs < 2 * mostProcessorMs, `${target}: ${usedMs} ms of processor time`)
  }
})

t.test('a peer that does not read keeps no more than one answer, and is cut off', async (t) => {
  const socket = connect(Number(new URL(plain.url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.pause()
  socket.write(get(bundle).repeat(requests))
  await sleep(2.5 * othersMs)
  let received = 0
  socket.on('data', ({ length }) => {
    received += length
  })
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  t.ok(received < 2_000_000, `${received} bytes`)
})

t.test('figures', async (t) => {
  const text = await (await fetch(`${plain.url}/metrics`)).text()
  const counted = Number(/^padlock_pipelined_connections_total (\d+)/m.exec(text)?.[1])
  t.ok(counted >= 300, `${counted} connections counted`)
  t.comment(
    `${inputs} inputs; ${mostUsed} ms of processor time at most, others after ${slowest.toFixed(0)} ms at most`,
  )
})
