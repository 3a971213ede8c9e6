import { join } from 'node:path'
import t from 'tap'
import { checkRenewal, checkShop } from '../harness/checks.ts'
import { startShop } from '../harness/shop.ts'
import { shortenLife, users, workspace } from '../harness/workspace.ts'

// Packages come from Maven Central the first time.
t.setTimeout(600_000)
const space = await workspace(t)
const cwd = await space.copy('spring', { ...users, half: { userId: 'u-\ud83d' } })

async function start() {
  await space.run(cwd, 'mvn', '-B', '-q', '-ntp', 'package')
  const env = { ...space.env, PADLOCK_URL: `${space.env.PADLOCK_URL}/` }
  return startShop(t, { command: 'java', args: ['-jar', 'target/shop-1.jar'], cwd, env })
}

t.test('Spring Boot', async (t) => {
  const shop = await start()
  await checkShop(t, shop, space)
  t.match(shop.log(), "/chat-token: 403, the page's origin is not SHOP_ORIGIN (https://shop.test)")
  t.match(shop.log(), 'Padlock: 307, and not as Padlock answers: PADLOCK_URL leads to something else')
  await t.test('half a surrogate pair is not repaired', async (t) => {
    const cookie = (await shop.logIn('half'))?.split(';', 1)[0] as string
    t.equal((await shop.call('/chat-token', { cookie })).status, 503)
  })
  await shop.stop()
})

t.test('a JWT of its own', async (t) => {
  await shortenLife(join(cwd, 'src/main/java/example/PadlockTokens.java'))
  await checkRenewal(t, await start(), space)
})
