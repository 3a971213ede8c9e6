import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkRenewal, checkShop } from '../harness/checks.ts'
import { startShop } from '../harness/shop.ts'
import { shortenLife, users, workspace } from '../harness/workspace.ts'

// Packages come from Maven Central the first time.
t.setTimeout(600_000)
const space = await workspace(t)
const cwd = await space.copy('spring', { ...users, half: { userId: 'u-\ud83d' } })
const sources = join(cwd, 'src/main/java/example')

async function start(t: Test) {
  await rm(join(cwd, 'target'), { recursive: true, force: true })
  await space.run(cwd, 'mvn', '-B', '-q', '-ntp', 'package')
  const env = { ...space.env, PADLOCK_URL: `${space.env.PADLOCK_URL}/` }
  return startShop(t, { command: 'java', args: ['-jar', 'target/shop-1.jar'], cwd, env })
}

async function check(t: Test): Promise<void> {
  const shop = await start(t)
  await checkShop(t, shop, space)
  t.match(shop.log(), "/chat-token: 403, the page's origin is not SHOP_ORIGIN (https://shop.test)")
  t.match(shop.log(), 'Padlock: 307, and not as Padlock answers: PADLOCK_URL leads to something else')
  await t.test('half a surrogate pair is not repaired', async (t) => {
    const cookie = (await shop.logIn('half'))?.split(';', 1)[0] as string
    t.equal((await shop.call('/chat-token', { cookie })).status, 503)
  })
}

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replaceAll(from, to))
}

t.test('Spring Boot 3.5', check)

t.test('Spring Boot 4, changed as its page says', async (t) => {
  await edit(join(cwd, 'pom.xml'), '<version>3.5.7</version>', '<version>4.0.7</version>')
  await edit(join(sources, 'Shop.java'), 'com.fasterxml.jackson', 'tools.jackson')
  await check(t)
})

t.test('a JWT of its own', async (t) => {
  await shortenLife(join(sources, 'PadlockTokens.java'))
  await checkRenewal(t, await start(t), space)
})
