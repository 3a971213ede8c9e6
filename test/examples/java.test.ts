import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse as parseJava } from 'java-parser'
import t from 'tap'
import { findOnPath } from '../../tools/vault/executable.ts'
import { checkRenewal, checkShop } from './harness/checks.ts'
import { startShop } from './harness/shop.ts'
import { shortenLife, users, workspace } from './harness/workspace.ts'

const maven = (await findOnPath('javac', process.env)) && (await findOnPath('mvn', process.env))
const skip = maven === undefined && 'no Java compiler and Maven on PATH: `make test-examples` installs them'

// Packages come from Maven Central the first time.
t.test('the programs are Java', async (t) => {
  for (const name of ['PadlockTokens', 'Shop']) {
    const file = new URL(`../../examples/java/src/main/java/example/${name}.java`, import.meta.url)
    const source = await readFile(file, 'utf8')
    t.doesNotThrow(() => parseJava(source), name)
  }
})

t.test('Java', { skip }, async (t) => {
  const space = await workspace(t)
  const cwd = await space.copy('java', { ...users, half: { userId: 'u-\ud83d' } })
  const command = maven as string
  const start = async () => {
    await space.run(cwd, command, '-B', '-q', '-ntp', 'compile')
    return startShop(t, { command, args: ['-B', '-q', '-ntp', 'exec:java'], cwd, env: space.env })
  }
  const shop = await start()
  await checkShop(t, shop, space)
  await t.test('half a surrogate pair is not repaired', async (t) => {
    const cookie = (await shop.logIn('half'))?.split(';', 1)[0] as string
    t.equal((await shop.call('/chat-token', { cookie })).status, 503)
  })
  await t.test('a JWT of its own', async (t) => {
    await shortenLife(join(cwd, 'src/main/java/example/PadlockTokens.java'))
    await checkRenewal(t, await start(), space)
  })
})
