import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { Engine } from 'php-parser'
import t from 'tap'
import { findOnPath } from '../../tools/vault/executable.ts'
import { acceptedClaims } from '../support/accepted.ts'
import { block } from '../support/readme.ts'
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
  await t.test('another origin is told to who runs the shop', async (t) => {
    t.match(shop.log(), "/chat-token: 403, the page's origin is not SHOP_ORIGIN (https://shop.test)")
  })

  await t.test('the page view of examples/README.md', async (t) => {
    const origin = 'http://127.0.0.1:8080'
    const own = { SHOP_ORIGIN: origin, PADLOCK_URL: `${space.env.PADLOCK_URL}/` }
    const local = await startShop(t, { command: php as string, args, cwd, env: { ...env, ...own } })
    const script = await block('page-view', new URL('../../examples/README.md', import.meta.url))
    const calls = script.replaceAll(`${origin}/`, `${local.url}/`)
    const [, answer = ''] = (await space.run(space.folder, 'bash', '-euc', calls)).split('{}')
    t.match(await acceptedClaims(JSON.parse(answer).token, space.service), {
      'https://iadvize.com/userId': 'customer-8714',
    })
  })

  await t.test('without a token, the log has the cause and not the visitor', async (t) => {
    const tries = [
      [
        space.service.vault.address,
        "'customer-8714'",
        'and not as Padlock answers: PADLOCK_URL leads to something else',
      ],
      ['http://127.0.0.1:1', "'customer-8714'", /127\.0\.0\.1 port 1\b/],
      ['', "'customer-8714'", 'PADLOCK_URL is not set'],
      [space.env.PADLOCK_URL, 'true', 'the userId is of type bool, not string or int'],
      [space.env.PADLOCK_URL, 'null', 'the userId is of type null, not string or int'],
      [space.env.PADLOCK_URL, '0', '/userId user_id_placeholder'],
    ] as const
    for (const [url, userId, cause] of tries) {
      const code = `require 'padlock-token.php'; exit(padlockToken(${userId}) === null ? 0 : 1);`
      const { stdout, stderr } = await promisify(execFile)(
        php as string,
        ['-d', 'log_errors=1', '-r', code],
        {
          cwd,
          env: { ...process.env, ...env, PADLOCK_URL: url },
        },
      )
      t.match(stderr, cause)
      t.notMatch(stdout + stderr, 'customer-8714')
    }
  })
})
