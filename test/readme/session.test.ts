import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import t from 'tap'
import { acceptedClaims } from '../support/accepted.ts'
import { block } from '../support/readme.ts'
import { testService } from '../support/service.ts'
import { type Activation, shopPage } from '../support/shop-page.ts'

const service = await testService(t)
const folder = await mkdtemp(join(tmpdir(), 'padlock-readme-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
for (const name of ['padlock-token.mjs', 'chat-token.mjs']) {
  await writeFile(
    join(folder, name),
    name === 'chat-token.mjs' ? await block('chat-token.mjs') : await block('padlock-token.mjs'),
  )
}
const { chatToken } = await import(pathToFileURL(join(folder, 'chat-token.mjs')).href)

/** A shop: its sessions, and the endpoint of the README. */
const sessions = new Map([['s-1', { userId: 'customer-8714' }]])
const sessionOf = async (request: IncomingMessage) =>
  sessions.get(/session=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '')
const shop = createServer((request, response) => chatToken(request, response, sessionOf))
shop.listen(0, '127.0.0.1')
await once(shop, 'listening')
t.teardown(() => {
  shop.closeAllConnections()
  shop.close()
})
const origin = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
const environment = {
  PADLOCK_URL: service.url,
  PADLOCK_CALLER_TOKEN: await service.callers.token(),
  SHOP_ORIGIN: origin,
}
Object.assign(process.env, environment)
t.teardown(() => {
  for (const name of Object.keys(environment)) delete process.env[name]
})

/** Calls the shop's endpoint as a browser does for a page of an origin. */
const call = (options: {
  method?: string
  origin?: string
  cookie?: string
  body?: string
  query?: string
}) =>
  fetch(`${origin}/chat-token${options.query ?? ''}`, {
    method: options.method ?? 'POST',
    headers: { origin: options.origin ?? origin, cookie: options.cookie ?? 'session=s-1' },
    ...(options.body === undefined ? {} : { body: options.body }),
  })

t.test('the endpoint gives a token for the userId of the session', async (t) => {
  const answer = await call({})
  t.equal(answer.status, 200)
  t.equal(answer.headers.get('cache-control'), 'no-store')
  const { token } = (await answer.json()) as { token: string }
  t.equal((await acceptedClaims(token, service))['https://iadvize.com/userId'], 'customer-8714')
})

t.test('whatever the browser says of the visitor changes nothing', async (t) => {
  const answer = await call({
    body: '{"userId":"victim"}',
    query: '?userId=victim',
    cookie: 'userId=victim; session=s-1',
  })
  const { token } = (await answer.json()) as { token: string }
  t.equal((await acceptedClaims(token, service))['https://iadvize.com/userId'], 'customer-8714')
})

t.test('it refuses other sites, other methods, and visitors who are not logged in', async (t) => {
  const refusals: [Parameters<typeof call>[0], number][] = [
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ method: 'GET' }, 405],
    [{ cookie: 'session=unknown' }, 401],
    [{ cookie: '' }, 401],
  ]
  for (const [options, status] of refusals) {
    const answer = await call(options)
    t.equal(answer.status, status)
    t.equal(answer.headers.get('cache-control'), 'no-store')
    t.equal(answer.headers.get('access-control-allow-origin'), null)
    t.strictSame(await answer.json(), {})
  }
  const noOrigin = await fetch(`${origin}/chat-token`, { method: 'POST', headers: { cookie: 'session=s-1' } })
  t.equal(noOrigin.status, 403, 'no Origin at all')
})

t.test('without a token it answers 503, and nothing in its place', async (t) => {
  sessions.set('s-2', { userId: 'undefined' })
  const answer = await call({ cookie: 'session=s-2' })
  t.equal(answer.status, 503)
  t.strictSame(await answer.json(), {})
})

t.test('the page’s script hands the tag a token that iAdvize accepts, and keeps none', async (t) => {
  const page = shopPage(origin, 'session=s-1')
  await page.run(await block('chat.js'))
  t.strictSame(page.calls, ['activate', 'POST /chat-token'])
  const { type, token } = (page.given() as Activation).authenticationOption
  t.equal(type, 'SECURED_AUTHENTICATION')
  t.equal((await acceptedClaims(token, service))['https://iadvize.com/userId'], 'customer-8714')
  t.strictSame(page.stored, [])
})

t.test('without a token the tag stays off, and the page does not retry by itself', async (t) => {
  const page = shopPage(origin, 'session=unknown')
  await page.run(await block('chat.js'))
  t.equal(page.given(), undefined)
  t.equal(page.calls.filter((entry) => entry === 'activate').length, 1)
  t.equal(page.calls.length, 5, 'the first try of the tag and its 3 retries')
  t.equal(page.warnings.length, 1)
})

t.test('the page’s script waits for a tag that loads later', async (t) => {
  const context = createContext({ window: {} as { iAdvizeInterface?: unknown[] } })
  runInContext(await block('chat.js'), context)
  t.equal(context.window.iAdvizeInterface.length, 1)
})

t.test('log-out reaches the tag, and no token is given after it', async (t) => {
  const page = shopPage(origin, 'session=s-1')
  await page.run(await block('log-out.js'))
  t.strictSame(page.calls, ['logout'])
  sessions.delete('s-1')
  t.equal((await call({})).status, 401)
})
