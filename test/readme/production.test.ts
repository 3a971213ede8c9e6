import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { block, withPadlock } from '../support/readme.ts'
import { testVault } from '../support/vault.ts'

const run = promisify(execFile)
const goLive = new URL('../../docs/go-live.md', import.meta.url)

t.test('the commands for an existing Vault set it up', async (t) => {
  const vault = await testVault(t)
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await writeFile(
    join(vault.dir, 'iadvize.pub'),
    publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  )
  const [address = '', ...commands] = (await block('set-up', goLive)).split('\n')
  t.match(address, /^export VAULT_ADDR=https:/)
  const script = commands
    .join('\n')
    // Nobody is there to answer its question.
    .replace('--secret-id-ttl 90d', '--secret-id-ttl 90d --yes')
  const { stdout } = await run('bash', ['--norc', '-euc', withPadlock(script)], {
    cwd: vault.dir,
    env: { PATH: process.env.PATH, VAULT_ADDR: vault.address, VAULT_TOKEN: vault.rootToken },
  })
  t.match(stdout, 'Dry run: ')
  t.match(stdout, '-----BEGIN PUBLIC KEY-----')
  const files = await readdir(vault.dir)
  t.ok(files.includes('role-id') && files.includes('secret-id'))
  const profile = await vault.api('GET', 'secret/data/padlock/profiles/default')
  t.equal(profile.body.data.data.issuer, 'https://shop.example')
})

t.test('the commands for the service are sound, and their variables a configuration', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'padlock-readme-'))
  t.teardown(() => rm(cwd, { recursive: true, force: true }))
  // Its commands are run by test/engine; here the shell reads them, and only tells.
  const script = `docker() { printf '%s\\n' "docker $*"; }\n${await block('serve', goLive)}`
  const { stdout } = await run('bash', ['--norc', '-euc', script], { cwd })
  t.match(stdout, /^docker build --tag padlock \.\ndocker run .* --read-only .* padlock\n$/s)
  const lines = (await readFile(join(cwd, 'padlock.env'), 'utf8')).trim().split('\n')
  const variables = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
  const config = loadConfig(Object.fromEntries(variables))
  t.equal(config.PADLOCK_VAULT_SECRET_ID_FILE, '/run/padlock/secret-id')
})
