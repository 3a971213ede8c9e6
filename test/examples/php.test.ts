import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Engine } from 'php-parser'
import t from 'tap'
import { findOnPath } from '../../tools/vault/executable.ts'
import { checkShop } from './harness/checks.ts'
import { startShop } from './harness/shop.ts'
import { workspace } from './harness/workspace.ts'

const php = await findOnPath('php', process.env)
const complete = php !== undefined && (await promisify(execFile)(php, ['-m'])).stdout.includes('curl')
const skip = !complete && 'no PHP with its curl extension on PATH: `make test-examples` installs it'

t.test('the programs are PHP 8.2', async (t) => {
  for (const name of ['padlock-token.php', 'index.php']) {
    const source = await readFile(new URL(`../../examples/php/${name}`, import.meta.url), 'utf8')
    t.doesNotThrow(() => new Engine({ parser: { version: '8.2' } }).parseCode(source, name))
  }
})

t.test('PHP', { skip }, async (t) => {
  const space = await workspace(t)
  const cwd = await space.copy('php')
  const args = ['-d', 'log_errors=1', '-d', 'display_errors=0', '-S', '127.0.0.1:{port}', 'index.php']
  const env = { ...space.env, PHP_CLI_SERVER_WORKERS: '2' }
  const shop = await startShop(t, { command: php as string, args, cwd, env })
  await checkShop(t, shop, space, { keepsJwt: false })
})
