import t, { type Test } from 'tap'
import { problemFaults } from '../../support/problem.ts'
import { answerTo } from '../../support/raw-http.ts'
import { testService } from '../../support/service.ts'

const service = await testService(t)

/** Names that differ: of one answer, or for what is asked. */
const own =
  /^(date|connection|keep-alive|content-length|content-type|cache-control|retry-after|allow|etag|vary)$/

function judge(t: Test, { headers }: Pick<Response, 'headers'>, at: string): void {
  const got = (name: string) => headers.get(name)
  t.equal(got('content-security-policy'), "default-src 'none';frame-ancestors 'none'", at)
  t.equal(got('x-content-type-options'), 'nosniff', at)
  t.equal(got('x-frame-options'), 'DENY', at)
  t.equal(got('referrer-policy'), 'no-referrer', at)
  t.equal(got('cross-origin-opener-policy'), 'same-origin', at)
  t.equal(got('cross-origin-resource-policy'), 'same-origin', at)
  t.equal(got('strict-transport-security'), null, 'not over plain HTTP')
  t.equal(got('access-control-allow-origin'), null, 'for backends, not for pages')
  t.equal(got('server'), null)
  t.equal(got('x-powered-by'), null)
  t.not(got('date'), null, at)
  t.match(got('x-request-id'), /^[0-9a-f-]{36}$/, at)
}

t.test('every answer of the API has the security headers', async (t) => {
  const token = await service.issue({ userId: 'customer-8714' })
  const refusal = await service.issue({ userId: 'customer-8714' }, { headers: { authorization: 'Bearer x' } })
  const paths = ['/health/live', '/metrics', '/openapi.json', '/v1/profiles/default/jwks.json', '/nowhere']
  const answers = [token, refusal, ...(await Promise.all(paths.map((path) => fetch(service.url + path))))]
  for (const answer of answers) {
    judge(t, answer, `${answer.status} ${new URL(answer.url).pathname}`)
  }
})

t.test('so have answers that no route gives', async (t) => {
  const names = ({ headers }: Pick<Response, 'headers'>) =>
    [...headers.keys()].filter((name) => !own.test(name))
  const usual = names(await fetch(`${service.url}/nowhere`))
  const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n`
  const broken: [what: string, bytes: string, status: number][] = [
    ['garbage', 'GARBAGE\r\n\r\n', 400],
    ['an address that cannot be decoded', `${get('/%')}Connection: close\r\n\r\n`, 404],
    ['a method that Node does not know', 'BREW /metrics HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', 404],
    ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['an address that is too long', get(`/${'a'.repeat(200_000)}`), 431],
    ['a field that is too long', `${get('/')}X: ${'a'.repeat(70_000)}`, 431],
    ['a head that does not end', get('/'), 408],
    ['a body that does not end', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz', 400],
  ]
  for (const [what, bytes, status] of broken) {
    const answer = await answerTo(service.url, [bytes])
    t.equal(answer.status, status, what)
    t.strictSame(problemFaults(answer), [], what)
    judge(t, answer, what)
    t.strictSame(names(answer), usual, what)
  }
})

t.test('the page of the API has a policy of its own, and only one', async (t) => {
  const page = await fetch(`${service.url}/docs`)
  t.match(page.headers.get('content-security-policy'), /^default-src 'none'; script-src 'self';/)
  t.equal(page.headers.get('x-content-type-options'), 'nosniff')
})
