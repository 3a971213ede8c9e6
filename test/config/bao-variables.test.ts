import { join } from 'node:path'
import t from 'tap'
import { CommandError } from '../../src/cli/exit.ts'
import { operatorClient } from '../../src/cli/operator-client.ts'
import { loadConfig } from '../../src/config/config.ts'
import type { Config } from '../../src/config/schema.ts'
import { configProblems, goodEnv } from '../support/config.ts'
import { standIn } from '../support/stand-in.ts'

const config = (env: NodeJS.ProcessEnv) => loadConfig({ ...goodEnv, ...env })

t.test("serve takes OpenBao's variable where Vault's is not set", async (t) => {
  const values: Partial<Record<keyof Config, string>> = {
    VAULT_ADDR: 'https://bao.test:8200',
    VAULT_NAMESPACE: 'team/shop',
    VAULT_CACERT: '/ca.pem',
    VAULT_CLIENT_CERT: '/cert.pem',
    VAULT_CLIENT_KEY: '/key.pem',
    VAULT_TLS_SERVER_NAME: 'bao.test',
    VAULT_TOKEN: 's.token',
  }
  const bao = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name.replace('VAULT', 'BAO'), value]),
  )
  const taken = config(bao)
  const empty = config({ ...bao, ...Object.fromEntries(Object.keys(values).map((name) => [name, ''])) })
  const pair = { VAULT_CLIENT_CERT: '/own.pem', VAULT_CLIENT_KEY: '/own.key' }
  for (const [name, value] of Object.entries(values)) {
    t.equal(taken[name as keyof Config], value, name)
    t.equal(empty[name as keyof Config], value, `${name} is empty`)
  }
  t.match(config({ ...bao, ...pair, VAULT_ADDR: 'https://vault.test' }), {
    ...pair,
    VAULT_ADDR: 'https://vault.test',
    VAULT_NAMESPACE: 'team/shop',
  })
})

t.test('what is refused is named as it was given', async (t) => {
  const refusals: [NodeJS.ProcessEnv, RegExp][] = [
    [{ BAO_ADDR: 'ftp://x' }, /^BAO_ADDR must be an http or https URL$/],
    [{ BAO_ADDR: 'http://bao.test:8200' }, /^BAO_ADDR is plain HTTP off the loopback/],
    [{ BAO_ADDR: 'ftp://x', VAULT_ADDR: 'ftp://y' }, /^VAULT_ADDR must be/],
    [{ BAO_SKIP_VERIFY: 'true' }, /^BAO_SKIP_VERIFY is not supported/],
    [{ BAO_CAPATH: '/x' }, /^BAO_CAPATH is not supported: give one PEM file in VAULT_CACERT$/],
    [{ BAO_CLIENT_CERT: '/x' }, /^BAO_CLIENT_CERT and VAULT_CLIENT_KEY go together$/],
  ]
  for (const [env, problem] of refusals) {
    t.match(configProblems({ ...goodEnv, ...env }).join('\n'), problem)
    if (env.BAO_ADDR?.startsWith('http:')) {
      continue
    }
    const refused = await operatorClient({ HOME: t.testdir({}), VAULT_TOKEN: 'root', ...env }).catch(
      (error: unknown) => error,
    )
    t.ok(refused instanceof CommandError && refused.exitCode === 2)
    t.match((refused as Error).message, problem.source.split(' ')[0]?.slice(1))
  }
})

t.test('commands call the server with them, each where the other is not set', async (t) => {
  const server = await standIn(t, (_request, response) => response.end('{}'))
  const ask = async (env: NodeJS.ProcessEnv) => {
    const { client, token } = await operatorClient({ HOME: join(t.testdir({})), ...env })
    await client.read('sys/mounts')
    await client.close()
    return [token, server.requests.at(-1)?.headers['x-vault-namespace']]
  }
  const bao = { BAO_ADDR: server.url, BAO_TOKEN: 's.bao', BAO_NAMESPACE: 'team' }
  t.same(await ask(bao), ['s.bao', 'team'])
  t.same(await ask({ ...bao, VAULT_TOKEN: 'hvs.own' }), ['hvs.own', 'team'])
  t.same(await ask({ ...bao, VAULT_NAMESPACE: 'other', VAULT_TOKEN: '' }), ['s.bao', 'other'])
})
