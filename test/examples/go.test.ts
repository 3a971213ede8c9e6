import { join } from 'node:path'
import t from 'tap'
import { findOnPath } from '../../tools/vault/executable.ts'
import { checkRenewal, checkShop } from './harness/checks.ts'
import { startShop } from './harness/shop.ts'
import { shortenLife, workspace } from './harness/workspace.ts'

const go = await findOnPath('go', process.env)
const skip = go === undefined && 'no Go on PATH: a machine that has a Vault may lack it'

// Modules come from their proxy the first time.
t.test('Go', { skip }, async (t) => {
  const space = await workspace(t)
  const cwd = await space.copy('go')
  // The user's own flags and workspace must not change what is built.
  Object.assign(process.env, { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' })
  const build = async (name: string) => {
    await space.run(cwd, go as string, 'build', '-o', name, '.')
    return startShop(t, { command: join(cwd, name), args: [], cwd, env: space.env })
  }
  await space.run(cwd, go as string, 'vet', '.')
  await checkShop(t, await build('shop'), space)
  await shortenLife(join(cwd, 'padlock.go'))
  await t.test('a JWT of its own', async (t) => checkRenewal(t, await build('shop-2'), space))
})
