import t from 'tap'
import { checkShop } from '../harness/checks.ts'
import { startShop } from '../harness/shop.ts'
import { workspace } from '../harness/workspace.ts'

t.test('Symfony', async (t) => {
  const space = await workspace(t)
  const cwd = await space.copy('symfony')
  const logging = ['-d', 'log_errors=1', '-d', 'display_errors=0']
  const args = [...logging, '-S', '127.0.0.1:{port}', '-t', 'public', 'public/index.php']
  const env = { ...space.env, PHP_CLI_SERVER_WORKERS: '2' }
  const shop = await startShop(t, { command: 'php', args, cwd, env })
  await checkShop(t, shop, space, { keepsJwt: false })
  t.notMatch(shop.log(), /PHP (?:Warning|Deprecated|Notice)/)
})
