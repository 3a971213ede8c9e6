import t from 'tap'
import { checkShop } from '../harness/checks.ts'
import { startShop } from '../harness/shop.ts'
import { users, workspace } from '../harness/workspace.ts'

t.test('Symfony', async (t) => {
  const space = await workspace(t)
  const cwd = await space.copy('symfony', { ...users, flag: { userId: true } })
  const logging = ['-d', 'log_errors=1', '-d', 'display_errors=0']
  const args = [...logging, '-S', '127.0.0.1:{port}', '-t', 'public', 'public/index.php']
  const env = { ...space.env, PADLOCK_URL: `${space.env.PADLOCK_URL}/`, PHP_CLI_SERVER_WORKERS: '2' }
  const shop = await startShop(t, { command: 'php', args, cwd, env })
  await checkShop(t, shop, space, { keepsJwt: false })
  t.match(shop.log(), "/chat-token: 403, the page's origin is not SHOP_ORIGIN (https://shop.test)")
  await t.test('true is no userId', async (t) => {
    const cookie = (await shop.logIn('flag'))?.split(';', 1)[0] as string
    t.equal((await shop.call('/chat-token', { cookie })).status, 503)
    t.match(shop.log(), 'the userId is of type bool, not string or int')
  })
  t.notMatch(shop.log(), /PHP (?:Warning|Deprecated|Notice)/)
})
