import { createContext, runInContext } from 'node:vm'
import t from 'tap'
import { shopOrigin, startShop } from '../examples/harness/shop.ts'
import { workspace } from '../examples/harness/workspace.ts'
import { acceptedClaims } from '../support/accepted.ts'
import { block } from '../support/readme.ts'
import { type Activation, shopPage } from '../support/shop-page.ts'
import { until } from '../support/wait.ts'

// The scripts of the README's page, on the shop of examples/node; packages come from their registry the first time.
const space = await workspace(t)
const { service } = space
const cwd = await space.copy('node')
await space.installNode(cwd)
const shop = await startShop(t, { command: process.execPath, args: ['express.ts'], cwd, env: space.env })
const cookie = (await shop.logIn('jane'))?.split(';', 1)[0] as string
const integrate = new URL('../../docs/integrate.md', import.meta.url)
const page = (cookie: string) => shopPage(shopOrigin, cookie, shop.url)

t.test('the page’s script hands the tag a token that iAdvize accepts, and keeps none', async (t) => {
  const jane = page(cookie)
  await jane.run(await block('chat.js'))
  t.strictSame(jane.calls, ['activate', 'POST /chat-token'])
  const { type, token } = (jane.given() as Activation).authenticationOption
  t.equal(type, 'SECURED_AUTHENTICATION')
  t.equal((await acceptedClaims(token, service))['https://iadvize.com/userId'], 'customer-8714')
  t.strictSame(jane.stored, [])
})

t.test('without a token the tag stays off, and the page does not retry by itself', async (t) => {
  const stranger = page('session=unknown')
  await stranger.run(await block('chat.js'))
  t.equal(stranger.given(), undefined)
  t.equal(stranger.calls.filter((entry) => entry === 'activate').length, 1)
  t.equal(stranger.calls.length, 5, 'the first try of the tag and its 3 retries')
  t.equal(stranger.warnings.length, 1)
})

t.test('the page’s script waits for a tag that loads later', async (t) => {
  const context = createContext({ window: {} as { iAdvizeInterface?: unknown[] } })
  runInContext(await block('chat.js'), context)
  t.equal(context.window.iAdvizeInterface.length, 1)
})

t.test('without iAdvize, the stand-in shows the token', async (t) => {
  const jane = page(cookie)
  await jane.run(await block('stand-in.js', integrate))
  await jane.run(await block('chat.js'))
  await until(() => jane.logged.length > 0)
  const [, handed] = jane.logged[0] as [string, Activation]
  const { token } = handed.authenticationOption
  t.equal((await acceptedClaims(token, service))['https://iadvize.com/userId'], 'customer-8714')
})

t.test('log-out reaches the tag, and no token is given after it', async (t) => {
  const jane = page(cookie)
  await jane.run(await block('log-out.js', integrate))
  t.strictSame(jane.calls, ['logout'])
  await (await shop.call('/logout', { cookie })).arrayBuffer()
  t.equal((await shop.call('/chat-token', { cookie })).status, 401)
})
