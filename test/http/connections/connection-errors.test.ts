import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import type { ErrorCode } from '../../../src/errors.ts'
import { HostileRequests } from '../../support/hostile.ts'
import { answerTo, goodParts, type RawStep, rawPost } from '../../support/raw-http.ts'
import { testService } from '../../support/service.ts'

const deadlineMs = 2_000
const service = await testService(t, { PADLOCK_REQUEST_DEADLINE_MS: String(deadlineMs) })
const hostile = new HostileRequests()

const { authorization, body, good, json, path } = await goodParts(service.callers)

async function refused(t: Test, what: string, steps: RawStep[], code: ErrorCode): Promise<void> {
  t.strictSame(hostile.faults(await answerTo(service.url, steps), code), [], what)
}

t.test('a request that does not arrive in time is 408, once, and its connection ends', async (t) => {
  const slow: Record<string, RawStep[]> = {
    'half a request line': ['POST /v1/prof'],
    'half a head': [`POST ${path} HTTP/1.1\r\nHost: a\r\nX:`],
    'half a body': [rawPost([...good, 'Content-Length: 20'], body)],
    'a body that drips': [
      rawPost([...good, 'Content-Length: 60'], body),
      ...Array(40).fill(['x', 100]).flat(),
    ],
    'chunks without an end': [rawPost([...good, 'Transfer-Encoding: chunked'], `10\r\n${body}\r\n`)],
  }
  const start = performance.now()
  await Promise.all(Object.entries(slow).map(([what, steps]) => refused(t, what, steps, 'request_timeout')))
  // Generous: what would fail here is Node's own 300 seconds, or none at all.
  t.ok(performance.now() - start < 5 * deadlineMs)
})

t.test('a connection that is opened in reserve can still be used after that time', async (t) => {
  const late = [deadlineMs * 2.5, rawPost([...good, `Content-Length: ${body.length}`], body)]
  const slow = [deadlineMs * 1.5, 'POST /v1/prof']
  const [answer] = await Promise.all([
    answerTo(service.url, late),
    refused(t, 'what is asked on it has its own time', slow, 'request_timeout'),
  ])
  t.equal(answer.status, 200)
})

t.test('a request that has its answer before its body came gets no second one', async (t) => {
  await refused(
    t,
    'without a token',
    [rawPost([json, 'Content-Length: 20'], body), deadlineMs * 1.5],
    'unauthenticated',
  )
  await refused(
    t,
    'of another type',
    [rawPost([authorization, 'Content-Type: text/plain', 'Content-Length: 20'], body), deadlineMs * 1.5],
    'unsupported_media_type',
  )
})

t.test('a caller that does not read its answer is cut off, within some deadlines', async (t) => {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  // Far more than the two ends hold between them.
  socket.write('GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20))
  socket.on('error', () => {})
  await new Promise((resolve) => setTimeout(resolve, 6 * deadlineMs))
  let received = 0
  socket.on('data', (chunk) => {
    received += chunk.length
  })
  await once(socket, 'close')
  t.ok(received < 20_000_000, `${received} bytes`)
})

t.test('a caller that hangs up is no internal error, and its request stands in the log', async (t) => {
  const logged = service.log.length
  const hangUp = (request: Buffer | string) =>
    new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1', () => {
        socket.write(request)
        setTimeout(() => socket.resetAndDestroy(), 50)
      })
      socket.on('close', () => resolve())
    })
  await hangUp(rawPost([authorization, json, 'Content-Length: 20'], body))
  await hangUp(`CONNECT ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await hangUp('GARB')
  const lines = () => service.log.slice(logged).filter(({ aborted }) => aborted)
  while (lines().length < 1) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  t.match(lines(), [{ msg: 'request', sub: 'shop-backend', profile: 'default' }])
  t.strictSame(
    service.log.filter(({ level }) => level === 'error' || level === 'fatal'),
    [],
  )
  t.equal((await answerTo(service.url, [rawPost(good, body)])).status, 200)
})

t.test('what never became a request is counted by its code', async (t) => {
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  const count = (code: string) =>
    Number(new RegExp(`padlock_requests_total\\{code="${code}"\\} (\\d+)`).exec(metrics)?.[1])
  t.ok(count('request_timeout') >= 5)
})

t.test('figures', async (t) => hostile.report(t))
