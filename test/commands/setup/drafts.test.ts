import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { testSetUp } from '../../support/set-up.ts'
import { testVault } from '../../support/vault.ts'
import { vaultStandIn } from '../../support/vault-stand-in.ts'

// A run that is killed leaves a draft beside the file that it was about to write; the next run removes it.

const vault = await testVault(t)
const { api, dir } = vault
const { setup, making, files } = await testSetUp(vault)
const main = join(import.meta.dirname, '../../../src/main.ts')

const drafts = async () => (await readdir(dir)).filter((name) => /\.[0-9a-f]{12}$/.test(name)).sort()
const accessors = async (): Promise<string[]> =>
  (await api('LIST', 'auth/approle/role/padlock/secret-id')).body.data?.keys ?? []

/** Kills a run with SIGKILL at a call to Vault, which gets no answer. */
async function killedAt(t: Test, path: RegExp, args: string[]): Promise<void> {
  const stand = await vaultStandIn(t, vault.address)
  const reached = Promise.withResolvers<void>()
  stand.answer = async (call) => {
    if (!path.test(`${call.method} ${call.path}`)) {
      return call.forward()
    }
    reached.resolve()
    return new Promise(() => {})
  }
  const env = { PATH: process.env.PATH, HOME: dir, VAULT_ADDR: stand.address, VAULT_TOKEN: vault.rootToken }
  const child = spawn(process.execPath, [main, 'setup', ...args], { env, stdio: 'ignore' })
  const ended = once(child, 'exit')
  await Promise.race([reached.promise, ended])
  child.kill('SIGKILL')
  t.strictSame(await ended, [null, 'SIGKILL'])
}

const args = [...making, ...files('first'), '--yes']

t.test('kill -9 while the role_id is read, and while the secret_id is made', async (t) => {
  await setup([...making, '--yes'])
  await killedAt(t, /^GET auth\/approle\/role\/padlock\/role-id$/, [
    '--role-id-out',
    join(dir, 'none'),
    '--yes',
  ])
  await killedAt(t, /^(POST|PUT) auth\/approle\/role\/padlock\/secret-id$/, args)
  const left = await drafts()
  t.ok(left.length > 0, left.join(' '))
  const seen = await setup([...args, '--dry-run'])
  t.match(seen.stdout, /remove +draft +.*first-secret-id\.[0-9a-f]{12}/)
  t.same(await drafts(), left, 'a dry run removes nothing')
  t.match(await setup(args), { exitCode: 0 })
  t.same(await drafts(), [])
  t.match(await setup(args), { exitCode: 0, stdout: /Nothing to change/ })
  t.equal((await accessors()).length, 1)
})

t.test('a secret_id in a draft is destroyed, wrapped or not, and the one in the file stays', async (t) => {
  const [, , , secretIdFile] = files('first') as [string, string, string, string]
  const kept = await readFile(secretIdFile, 'utf8')
  const made = (await api('POST', 'auth/approle/role/padlock/secret-id', {})).body.data.secret_id
  const wrapped = await fetch(`${vault.address}/v1/auth/approle/role/padlock/secret-id`, {
    method: 'POST',
    headers: { 'X-Vault-Token': vault.rootToken, 'X-Vault-Wrap-TTL': '60s' },
  })
  const { wrap_info } = (await wrapped.json()) as { wrap_info: { token: string } }
  for (const [index, text] of [
    made,
    wrap_info.token,
    '',
    'half of a cred',
    'two\nlines',
    'unknown',
  ].entries()) {
    await writeFile(`${secretIdFile}.00000000000${index}`, text, { mode: 0o600 })
  }
  t.equal((await accessors()).length, 3)
  t.match(await setup(args), { exitCode: 0 })
  t.same(await drafts(), [])
  t.equal((await accessors()).length, 1)
  t.equal(await readFile(secretIdFile, 'utf8'), kept)
})

t.test('what is no draft of its own is left alone', async (t) => {
  const [, , , secretIdFile] = files('first') as [string, string, string, string]
  await writeFile(join(dir, 'target'), 'x', { mode: 0o600 })
  const others = ['.bak', '.0000', '.00000000000g', '.0000000000000', '-000000000000']
  for (const end of others) {
    await writeFile(secretIdFile + end, 'x', { mode: 0o600 })
  }
  await writeFile(`${secretIdFile}.aaaaaaaaaaaa`, 'x')
  // Whatever the umask is.
  await chmod(`${secretIdFile}.aaaaaaaaaaaa`, 0o644)
  await symlink(join(dir, 'target'), `${secretIdFile}.bbbbbbbbbbbb`)
  const before = (await readdir(dir)).sort()
  t.match(await setup(args), { exitCode: 0, stdout: /Nothing to change/ })
  t.same((await readdir(dir)).sort(), before)
})
