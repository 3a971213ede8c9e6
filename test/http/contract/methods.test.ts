import t from 'tap'
import { HostileRequests } from '../../support/hostile.ts'
import type { Answer } from '../../support/problem.ts'
import { answerTo, goodParts, rawPost } from '../../support/raw-http.ts'
import { testService } from '../../support/service.ts'

const service = await testService(t)
const hostile = new HostileRequests()

const { body, good, path } = await goodParts(service.callers)

/** Sends a request without a body. */
const send = (method: string, target: string) =>
  answerTo(service.url, [`${method} ${target} HTTP/1.1\r\nHost: padlock.test\r\nConnection: close\r\n\r\n`])

/** Posts a good body to an address. */
const post = (target: string) => answerTo(service.url, [rawPost(good, body, target)])

t.test('any other method on a known path is 405 with Allow, on an unknown one 404', async (t) => {
  const known = 'GET HEAD PUT PATCH DELETE OPTIONS TRACE PROPFIND QUERY CONNECT'
  // HTTP has no list of methods: Node has one, and stops reading at any other.
  const unknown = "BREW post POSTS GETX P !#$%&'*+-.^_`|~9"
  for (const method of `${known} ${unknown}`.split(' ')) {
    // An answer to HEAD has no body to judge.
    const judge = (answer: Answer, status: number, code: 'method_not_allowed' | 'not_found') => {
      t.equal(answer.status, status, method)
      if (method !== 'HEAD') {
        t.strictSame(hostile.faults(answer, code), [], method)
      }
    }
    for (const target of [path, `${path}?a=b`]) {
      const answer = await send(method, target)
      judge(answer, 405, 'method_not_allowed')
      t.equal(answer.headers.get('allow'), 'POST')
    }
    judge(await send(method, '/nothing'), 404, 'not_found')
  }
})

t.test('a path that is read has GET and HEAD in Allow', async (t) => {
  for (const target of ['/health/live', '/health/ready', '/metrics', '/v1/profiles/default/jwks.json']) {
    const answer = await send('DELETE', target)
    t.strictSame(hostile.faults(answer, 'method_not_allowed'), [])
    t.equal(answer.headers.get('allow'), 'GET, HEAD')
  }
})

t.test('the root leads to the page of the API, and takes nothing', async (t) => {
  const answer = await send('GET', '/')
  hostile.count(answer, answer.status === 302)
  t.equal(answer.headers.get('location'), 'docs')
  const posted = await post('/')
  t.strictSame(hostile.faults(posted, 'method_not_allowed'), [])
  t.equal(posted.headers.get('allow'), 'GET, HEAD')
})

t.test('an address that is none is 404, and never a way to another', async (t) => {
  const targets = [
    ...'* // /v1 /v1/profiles /v1/profiles/ /..%2f..%2fetc/passwd'.split(' '),
    ...`/.${path} /${path} ${path}/ ${path}/x /V1/profiles/default/tokens /v1/profiles/default/TOKENS`.split(
      ' ',
    ),
    ...'/v1/profiles/%zz/tokens /v1/profiles/%/tokens /v1/profiles/%ff/tokens /v1/x/../profiles/default/tokens'.split(
      ' ',
    ),
    ...[129, 8_000].map((length) => `/v1/profiles/${'a'.repeat(length)}/tokens`),
  ]
  for (const target of targets) {
    t.strictSame(hostile.faults(await post(target), 'not_found'), [], target.slice(0, 60))
  }
})

t.test("a file of the page's is found by its name alone, and nothing beside it", async (t) => {
  const names =
    '%00 ..%2f..%2fpackage.json ../../package.json ..%5c..%5cpackage.json nothing.js %2e%2e%2f %ff . ~ logo.svg%00'
  for (const name of [...names.split(' '), 'a'.repeat(5_000)]) {
    const answer = await send('GET', `/docs/static/${name}`)
    if (answer.status >= 400) {
      t.strictSame(hostile.faults(answer, 'not_found'), [], name.slice(0, 20))
    } else {
      hostile.count(answer, !/"dependencies"/.test(answer.body))
    }
  }
})

t.test('a profile is found by its name alone', async (t) => {
  const names =
    'nowhere DEFAULT default%20 %64efault%00 ..%2fdefault a%2fb __proto__ constructor - .. . %2e%2e * default;x d%C3%A9faut'
  for (const name of ['', ...names.split(' '), 'a'.repeat(65)]) {
    const answer = await post(`/v1/profiles/${name}/tokens`)
    t.strictSame(hostile.faults(answer, 'profile_not_found'), [], name)
  }
  const answer = await post('/v1/profiles/%64efault/tokens?x=1')
  hostile.count(answer, answer.status === 200)
  t.equal(answer.status, 200, 'a name that is escaped for no reason is the same name')
})

t.test('an address with a fragment is refused: what stands before Padlock may cut it off', async (t) => {
  for (const target of ['/v1/profiles/default/tokens#x', '/v1/profiles/default/tokens?x=1#y', '/#', '#']) {
    t.strictSame(hostile.faults(await post(target), 'invalid_request'), [], target)
  }
})

t.test('figures', async (t) => hostile.report(t))
