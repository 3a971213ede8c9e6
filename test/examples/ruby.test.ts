import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { findOnPath } from '../../tools/vault/executable.ts'
import { checkRenewal, checkShop } from './harness/checks.ts'
import { startShop } from './harness/shop.ts'
import { shortenLife, workspace } from './harness/workspace.ts'

const ruby = await findOnPath('ruby', process.env)
const has = (packages: string) =>
  promisify(execFile)(ruby as string, ['-e', packages]).then(
    () => true,
    () => false,
  )
const complete = ruby !== undefined && (await has('require "sinatra/base"; require "jwt"; require "puma"'))
const skip = !complete && 'no Ruby with Sinatra, jwt and Puma on PATH: `make test-examples` installs them'

t.test('Sinatra', { skip }, async (t) => {
  const space = await workspace(t)
  const cwd = await space.copy('ruby')
  const program = { command: ruby as string, args: ['shop.rb', '-p', '{port}'], cwd, env: space.env }
  await t.test('a shop', async (t) => checkShop(t, await startShop(t, program), space))
  await t.test('a JWT of its own', async (t) => {
    await shortenLife(join(cwd, 'padlock_token.rb'))
    await checkRenewal(t, await startShop(t, program), space)
  })
})
