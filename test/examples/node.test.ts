import { join } from 'node:path'
import t from 'tap'
import { checkRenewal, checkShop } from './harness/checks.ts'
import { startShop } from './harness/shop.ts'
import { shortenLife, workspace } from './harness/workspace.ts'

// Packages come from their registry the first time.
const space = await workspace(t)
const cwd = await space.copy('node')
await space.installNode(cwd)
const program = (name: string) => ({ command: process.execPath, args: [`${name}.ts`], cwd, env: space.env })

for (const name of ['express', 'fastify']) {
  t.test(name, async (t) => checkShop(t, await startShop(t, program(name)), space))
}

t.test('a JWT of its own', async (t) => {
  await shortenLife(join(cwd, 'padlock-token.ts'))
  await checkRenewal(t, await startShop(t, program('express')), space)
})
