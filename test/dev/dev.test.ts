import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import t from 'tap'
import { devRun, gone } from '../support/dev-run.ts'
import { runCommandLine } from '../support/terminal.ts'
import { until } from '../support/wait.ts'

t.test(
  'make run shows a token decrypted and verified, writes .dev/env, and Ctrl-C ends all of it',
  async (t) => {
    const run = await devRun(t)
    const env = await run.env()
    t.strictSame(Object.keys(env).sort(), [
      'PADLOCK_CALLER_AUDIENCE',
      'PADLOCK_CALLER_ISSUER',
      'PADLOCK_CALLER_KEY_FILE',
      'PADLOCK_CALLER_PUBLIC_KEY_FILE',
      'PADLOCK_DEV_CALLER_TOKEN',
      'PADLOCK_DEV_ISSUANCE_LOG',
      'PADLOCK_DEV_RECIPIENT_KEY_FILE',
      'PADLOCK_DEV_RECIPIENT_URL',
      'PADLOCK_DEV_VAULT_AUDIT_LOG',
      'PADLOCK_PID',
      'PADLOCK_URL',
      'VAULT_ADDR',
      'VAULT_BIN',
      'VAULT_PID',
      'VAULT_TOKEN',
    ])
    t.match(run.output(), /https:\/\/iadvize\.com\/userId/)
    t.match(run.output(), /signed by version 1 of transit key padlock-default/)

    const vault = (path: string, method = 'GET') =>
      fetch(`${env.VAULT_ADDR}/v1/${path}`, {
        method,
        headers: { 'X-Vault-Token': env.VAULT_TOKEN as string },
      })
    const list = async (path: string) =>
      ((await (await vault(path, 'LIST')).json()) as { data: { keys: string[] } }).data.keys
    t.strictSame(await list('transit/keys'), ['padlock-default'], 'exactly one transit key')
    t.strictSame(await list('secret/metadata/padlock/profiles'), ['default'], 'exactly one profile')

    // The next command that it tells to try.
    const answer = await fetch(`${env.PADLOCK_URL}/v1/profiles/default/tokens`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${env.PADLOCK_DEV_CALLER_TOKEN}`,
        'content-type': 'application/json',
      },
      body: '{"userId":"customer-8714"}',
    })
    const { token, expiresIn } = (await answer.json()) as { token: string; expiresIn: number }
    t.equal(expiresIn, 60)
    const receipt = await fetch(env.PADLOCK_DEV_RECIPIENT_URL as string, { method: 'POST', body: token })
    t.match(await receipt.json(), {
      accepted: true,
      claims: { 'https://iadvize.com/userId': 'customer-8714' },
    })

    // With .dev/env and nothing else, the programs of examples/ work, and `caller inspect` knows what Padlock knows.
    const tokens = JSON.stringify(new URL('../../examples/node/padlock-token.ts', import.meta.url))
    const program = `import { padlockToken } from ${tokens}; console.log(await padlockToken({ userId: 'customer-8714' }))`
    const args = ['--input-type=module', '--eval', program]
    const example = await promisify(execFile)(process.execPath, args, {
      env: { PATH: process.env.PATH, ...env },
    })
    t.match(example.stdout, /^eyJ/)
    const inspected = await runCommandLine(env, ['caller', 'inspect'], {
      input: env.PADLOCK_DEV_CALLER_TOKEN as string,
    })
    t.equal(inspected.exitCode, 0, inspected.stdout)

    const audit = await readFile(env.PADLOCK_DEV_VAULT_AUDIT_LOG as string, 'utf8')
    t.match(audit, /"path":"transit\/sign\/padlock-default\/sha2-256"/, 'the signature is in the audit log')
    t.match(audit, /"role_name":"padlock"/, 'signed with the AppRole login, not with the root token')
    // A token's line is written within 10 ms of its answer.
    const issued = async () =>
      (await readFile(env.PADLOCK_DEV_ISSUANCE_LOG as string, 'utf8')).match(/"event":"issued".*"subject":"/g)
    await until(async () => (await issued())?.length === 3)
    t.pass('the tokens are in the issuance log')

    run.process.kill('SIGINT')
    const [code] = await once(run.process, 'exit')
    t.equal(code, 0)
    t.ok(gone(env.PADLOCK_PID))
    t.ok(gone(env.VAULT_PID))
  },
)

t.test('a part that ends by itself ends the rest, and is named', async (t) => {
  for (const [name, part] of [
    ['PADLOCK_PID', 'Padlock'],
    ['VAULT_PID', 'Vault'],
  ] as const) {
    const run = await devRun(t)
    const env = await run.env()
    process.kill(Number(env[name]), 'SIGKILL')
    const [code] = await once(run.process, 'exit')
    t.equal(code, 1)
    t.match(run.output(), `${part} ended by itself (SIGKILL)`)
    t.ok(gone(env.PADLOCK_PID))
    t.ok(gone(env.VAULT_PID))
  }
})

t.test('a port in use is one sentence that names the variable', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  for (const name of ['PADLOCK_PORT', 'PADLOCK_DEV_RECIPIENT_PORT', 'PADLOCK_DEV_VAULT_PORT']) {
    const run = await devRun(t, { [name]: String(port) })
    const [code] = await once(run.process, 'exit')
    t.equal(code, 1)
    t.match(run.output(), `Port ${port} is in use: stop what listens there, or set ${name} to a free port.`)
  }
  const run = await devRun(t, { PADLOCK_PORT: 'abc' })
  const [code] = await once(run.process, 'exit')
  t.equal(code, 1)
  t.match(run.output(), 'PADLOCK_PORT is not a port')
})
