import t, { type Test } from 'tap'
import { acceptedClaims } from '../support/accepted.ts'
import { testAuthority } from '../support/certificates.ts'
import { goodParts, nextAnswer, type RawAnswer, type RawStep, rawPost, sendRaw } from '../support/raw-http.ts'
import { startService, testBackend } from '../support/service.ts'

const backend = await testBackend(t)
const authority = await testAuthority(backend.vault, 'listener')
const { certFile, keyFile } = await authority.issue('padlock.test', { ip: '127.0.0.1' })
const ca = authority.caPem
const plain = await startService(t, backend)
const tlsFiles = { PADLOCK_TLS_CERT_FILE: certFile, PADLOCK_TLS_KEY_FILE: keyFile }
const secure = await startService(t, backend, tlsFiles, { ca })
const { authorization, json, path } = await goodParts(backend.callers)
let inputs = 0

const tokenFor = (userId: string, ...fields: string[]) =>
  rawPost([authorization, json, ...fields], JSON.stringify({ userId }))

/** The statuses, with the userId of a token where there is one. */
async function told(answers: RawAnswer[]): Promise<(number | string)[]> {
  const userIdOf = async (answer: RawAnswer) => {
    const { token } = JSON.parse(answer.body)
    if (token === undefined) {
      return answer.status
    }
    const claims = await acceptedClaims(token, { url: plain.url, recipientKey: backend.recipientKey })
    return claims['https://iadvize.com/userId'] as string
  }
  return Promise.all(answers.map(userIdOf))
}

/** Sends the steps plain and over TLS; of the requests, the first alone may be answered, and the connection ends. */
async function firstAlone(t: Test, what: string, steps: RawStep[], expected: number | string): Promise<void> {
  for (const [how, answers] of [
    ['plain', await sendRaw(plain.url, steps)],
    ['TLS', await sendRaw(secure.url, steps, Number.POSITIVE_INFINITY, ca)],
  ] as const) {
    inputs += 1
    t.strictSame(await told(answers), [expected], `${what}, ${how}`)
    t.equal(answers[0]?.headers.get('connection'), 'close', `${what}, ${how}`)
  }
}

const a = (...fields: string[]) => tokenFor('visitor-a', ...fields)
const b = tokenFor('visitor-b')
const c = tokenFor('visitor-c')

/** Bytes behind the first request, each way in which they can come. */
const behind = (first: Buffer): Record<string, RawStep[]> => ({
  'in one packet, and one more later': [Buffer.concat([first, b]), nextAnswer, c],
  'in one packet': [Buffer.concat([first, b, c])],
  'half of it in one packet': [Buffer.concat([first, b.subarray(0, 50)]), 20, b.subarray(50), nextAnswer, c],
  'a packet each': [first, b, c],
  'after the answer': [first, nextAnswer, b, c],
  'a request in the body of what is thrown away': [
    Buffer.concat([first, rawPost([authorization, json], c)]),
    nextAnswer,
    c,
  ],
  'no HTTP': [Buffer.concat([first, Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')]), nextAnswer, c],
})

const protocols = ['h2c', 'H2C', 'websocket', 'TLS/1.3', 'tea', 'h2c, websocket', '']

t.test(
  'a request that wishes for another protocol is served, and is the last of its connection',
  async (t) => {
    for (const protocol of protocols) {
      const fields = [
        'Connection: Upgrade, HTTP2-Settings',
        `Upgrade: ${protocol}`,
        'HTTP2-Settings: AAMAAABk',
      ]
      for (const [how, steps] of Object.entries(behind(a(...fields)))) {
        await firstAlone(t, `Upgrade: ${protocol}, ${how}`, steps, 'visitor-a')
      }
    }
  },
)

t.test('so is each way to write it', async (t) => {
  const chunked = (fields: string[]) =>
    rawPost(
      [authorization, json, ...fields, 'Transfer-Encoding: chunked'],
      '16\r\n{"userId":"visitor-a"}\r\n0\r\n\r\n',
    )
  const upgrade = ['Connection: Upgrade', 'Upgrade: h2c']
  const writings: Record<string, Buffer> = {
    'lower case': a('connection: upgrade', 'upgrade: h2c'),
    'without Connection': a('Upgrade: h2c'),
    'kept alive': a('Connection: keep-alive, Upgrade', 'Upgrade: h2c'),
    'two fields': a('Connection: keep-alive', 'Connection: Upgrade', 'Upgrade: h2c', 'Upgrade: websocket'),
    'in chunks': chunked(upgrade),
    'with an expectation': a(...upgrade, 'Expect: tea'),
  }
  for (const [what, first] of Object.entries(writings)) {
    for (const [how, steps] of Object.entries(behind(first))) {
      await firstAlone(t, `${what}, ${how}`, steps, 'visitor-a')
    }
  }
})

t.test('so is every method, and every answer', async (t) => {
  const asks = (line: string, ...fields: string[]) =>
    Buffer.from(`${[line, 'Host: a', 'Connection: Upgrade', 'Upgrade: h2c', ...fields].join('\r\n')}\r\n\r\n`)
  const requests: Record<string, [Buffer, number]> = {
    GET: [asks('GET /health/live HTTP/1.1'), 200],
    PUT: [asks(`PUT ${path} HTTP/1.1`, 'Content-Length: 0'), 405],
    OPTIONS: [asks('OPTIONS * HTTP/1.1'), 404],
    TRACE: [asks(`TRACE ${path} HTTP/1.1`), 405],
    CONNECT: [asks('CONNECT a:443 HTTP/1.1'), 404],
    'CONNECT to an address of ours': [Buffer.from(`CONNECT ${path} HTTP/1.1\r\nHost: a\r\n\r\n`), 405],
    'a POST without a caller': [
      rawPost([json, 'Connection: Upgrade', 'Upgrade: h2c'], '{"userId":"x"}'),
      401,
    ],
    'a POST of another type': [
      rawPost([authorization, 'Content-Type: text/plain', 'Connection: Upgrade', 'Upgrade: h2c'], 'x'),
      415,
    ],
    'a body that is no JSON': [
      rawPost([authorization, json, 'Connection: Upgrade', 'Upgrade: h2c'], '{'),
      400,
    ],
    'HTTP/1.0': [
      Buffer.from('GET /health/live HTTP/1.0\r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n\r\n'),
      200,
    ],
  }
  for (const [what, [first, status]] of Object.entries(requests)) {
    for (const [how, steps] of Object.entries(behind(first))) {
      await firstAlone(t, `${what}, ${how}`, steps, status)
    }
  }
})

t.test('figures', async (t) => t.comment(`${inputs} inputs`))
