import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import t from 'tap'
import { testAuthority } from '../support/certificates.ts'
import { httpsRequest } from '../support/https.ts'
import { sendRaw } from '../support/raw-http.ts'
import { type ServiceProcess, startService, testBackend } from '../support/service.ts'

const backend = await testBackend(t)
const variables = { PADLOCK_ADMIN_PORT: '0' }
const adminUrl = async ({ logged }: ServiceProcess) =>
  (await logged({ msg: 'listening for operators' })).address as string
const service = await startService(t, backend, variables)
const admin = await adminUrl(service)

const forOperators = ['/metrics', '/openapi.json', '/docs', '/docs/', '/docs/static/index.css', '/']
const forAll = ['/health/live', '/health/ready']
const forCallers = ['/v1/profiles/default/jwks.json', '/v1/profiles/default/public-key.pem']

async function statuses(url: string, paths: readonly string[]) {
  const answers = paths.map((path) => fetch(url + path, { redirect: 'manual' }))
  return (await Promise.all(answers)).map(({ status }) => status)
}

t.test(
  'what operators read is on their port alone, what callers ask on theirs, health on both',
  async (t) => {
    t.strictSame(await statuses(service.url, forOperators), [404, 404, 404, 404, 404, 404])
    t.strictSame(await statuses(admin, forOperators), [200, 200, 200, 200, 200, 302])
    for (const url of [service.url, admin]) {
      t.strictSame(await statuses(url, forAll), [200, 200], url)
    }
    t.strictSame(await statuses(service.url, forCallers), [200, 200])
    t.strictSame(await statuses(admin, forCallers), [404, 404])
    t.equal((await service.issue({ userId: 'customer-8714' })).status, 200)
    t.match(await (await fetch(`${admin}/metrics`)).text(), /^padlock_tokens_issued_total\{.*\} 1$/m)
  },
)

t.test('no token leaves by the operators’ port', async (t) => {
  const answer = await fetch(`${admin}/v1/profiles/default/tokens`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await backend.callers.token()}`,
      'content-type': 'application/json',
    },
    body: '{"userId":"customer-8714"}',
  })
  t.equal(answer.status, 404)
  t.match(await answer.json(), { code: 'not_found' })
})

t.test(
  'the document is of the callers’ API, and its page sends nothing to where there are no tokens',
  async (t) => {
    const { paths } = (await (await fetch(`${admin}/openapi.json`)).json()) as { paths: object }
    t.strictSame(Object.keys(paths).sort(), [
      '/health/live',
      '/health/ready',
      '/v1/profiles/{profile}/jwks.json',
      '/v1/profiles/{profile}/public-key.pem',
      '/v1/profiles/{profile}/tokens',
    ])
    const page = await (await fetch(`${admin}/docs/static/swagger-initializer.js`)).text()
    t.match(page, /"supportedSubmitMethods":\[\]/)
  },
)

t.test('it refuses as the service does', async (t) => {
  const ready = await fetch(`${admin}/health/ready`)
  t.ok(ready.headers.get('x-request-id'))
  t.equal(ready.headers.get('x-content-type-options'), 'nosniff')
  const put = await fetch(`${admin}/metrics`, { method: 'PUT' })
  t.strictSame([put.status, put.headers.get('allow')], [405, 'GET, HEAD'])
  t.match(await put.json(), { code: 'method_not_allowed' })
  const long = `GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`
  t.match(await sendRaw(admin, [long]), [{ status: 431, body: /head_too_large/ }])
  const twice = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2)
  t.match(await sendRaw(admin, [twice]), [{ status: 200 }])
})

t.test('a client certificate is wanted of callers, and of no probe', async (t) => {
  const authority = await testAuthority(backend.vault, 'listener')
  const clients = await testAuthority(backend.vault, 'clients')
  const files = await authority.issue('padlock.test', { ip: '127.0.0.1' })
  const client = await clients.issue('backend.test')
  const tls = { ca: authority.caPem }
  const own = { ...tls, cert: await readFile(client.certFile), key: await readFile(client.keyFile) }
  const service = await startService(
    t,
    backend,
    {
      ...variables,
      PADLOCK_TLS_CERT_FILE: files.certFile,
      PADLOCK_TLS_KEY_FILE: files.keyFile,
      PADLOCK_TLS_CLIENT_CA_FILE: clients.caFile,
    },
    own,
  )
  const admin = await adminUrl(service)
  t.match(admin, /^https:/)
  t.equal((await httpsRequest(`${admin}/health/ready`, tls)).status, 200)
  t.equal((await httpsRequest(`${admin}/metrics`, tls)).status, 200)
  await t.rejects(httpsRequest(`${service.url}/health/ready`, tls))
})

t.test('a stop: both say not ready while both serve, then both are gone', async (t) => {
  const service = await startService(t, backend, {
    ...variables,
    PADLOCK_DRAIN_DELAY_MS: '8000',
    PADLOCK_GRACE_PERIOD_MS: '20000',
  })
  const admin = await adminUrl(service)
  const urls = [service.url, admin]
  const ended = once(service.process, 'exit')
  service.process.kill('SIGTERM')
  await service.logged({ msg: 'stopping' })
  for (const url of urls) {
    const answer = await fetch(`${url}/health/ready`)
    t.equal(answer.status, 503, url)
    t.match(await answer.json(), { stopping: true })
    t.equal(answer.headers.get('connection'), 'close')
  }
  t.equal((await fetch(`${admin}/metrics`)).status, 200, 'the last scrape')
  t.strictSame(await ended, [0, null])
  for (const url of urls) {
    await t.rejects(fetch(url), url)
  }
})

t.test('a port that is taken stops the start, by the variable’s name', async (t) => {
  const taken = new URL(admin).port
  await t.rejects(startService(t, backend, { PADLOCK_ADMIN_PORT: taken }), {
    message: new RegExp(
      `ended with 1.*cannot listen on 127.0.0.1:${taken} .PADLOCK_HOST, PADLOCK_ADMIN_PORT`,
    ),
  })
})
