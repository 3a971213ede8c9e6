import t from 'tap'
import { answerTo } from '../support/raw-http.ts'
import { testService } from '../support/service.ts'

const service = await testService(t)

t.test('every answer of the API has the security headers', async (t) => {
  const token = await service.issue({ userId: 'customer-8714' })
  const refusal = await service.issue({ userId: 'customer-8714' }, { headers: { authorization: 'Bearer x' } })
  const paths = ['/health/live', '/metrics', '/openapi.json', '/v1/profiles/default/jwks.json', '/nowhere']
  const answers = [token, refusal, ...(await Promise.all(paths.map((path) => fetch(service.url + path))))]
  for (const { url, status, headers } of answers) {
    const got = (name: string) => headers.get(name)
    const at = `${status} ${new URL(url).pathname}`
    t.equal(got('content-security-policy'), "default-src 'none';frame-ancestors 'none'", at)
    t.equal(got('x-content-type-options'), 'nosniff', at)
    t.equal(got('x-frame-options'), 'DENY', at)
    t.equal(got('referrer-policy'), 'no-referrer', at)
    t.equal(got('cross-origin-resource-policy'), 'same-origin', at)
    t.equal(got('strict-transport-security'), null, 'not over plain HTTP')
    t.equal(got('access-control-allow-origin'), null, 'for backends, not for pages')
    t.equal(got('server'), null)
    t.equal(got('x-powered-by'), null)
  }
})

t.test('so have answers that no route gives, as far as they go', async (t) => {
  const badAddress = await fetch(`${service.url}/%`)
  t.equal(badAddress.status, 404)
  t.equal(badAddress.headers.get('x-content-type-options'), 'nosniff')
  const broken = await answerTo(service.url, ['GARBAGE\r\n\r\n'])
  t.equal(broken.status, 400)
  t.equal(broken.headers.get('x-content-type-options'), 'nosniff')
})

t.test('the page of the API has a policy of its own, and only one', async (t) => {
  const page = await fetch(`${service.url}/docs`)
  t.match(page.headers.get('content-security-policy'), /^default-src 'none'; script-src 'self';/)
  t.equal(page.headers.get('x-content-type-options'), 'nosniff')
})
