import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import t, { type Test } from 'tap'
import { createVaultClient } from '../../../src/vault/client/client.ts'
import type { VaultError } from '../../../src/vault/client/vault-error.ts'
import { standIn } from '../../support/stand-in.ts'

const secret = 'hvs.this-is-secret'
const clientOf = (t: Test, address: string, namespace?: string) => {
  const client = createVaultClient({ address, namespace })
  t.teardown(() => client.close())
  return client
}

t.test('follows no redirect, and sends the token nowhere else', async (t) => {
  const other = await standIn(t, (_request, response) => response.end('{}'))
  const vault = await standIn(t, (_request, response) => {
    response.writeHead(307, { location: `${other.url}/v1/secret/data/x` }).end()
  })
  const client = clientOf(t, vault.url)
  await t.rejects(client.read('secret/data/x', { token: secret }), { code: 'vault_unavailable' })
  await t.rejects(client.write('secret/data/x', {}, { token: secret }), { code: 'vault_unavailable' })
  t.equal(vault.requests.length, 2)
  t.equal(other.requests.length, 0)
})

t.test('takes no proxy, token, namespace, prefix or debug output from the environment', async (t) => {
  const proxy = await standIn(t, (_request, response) => response.end('{}'))
  const vault = await standIn(t, (_request, response) => response.end('{"data":{}}'))
  const proxies = Object.fromEntries(
    ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [
      [name, proxy.url],
      [name.toLowerCase(), proxy.url],
    ]),
  )
  const code = `
    const { createVaultClient } = await import(${JSON.stringify(new URL('../../../src/vault/client/client.ts', import.meta.url))})
    const client = createVaultClient({ address: ${JSON.stringify(vault.url)} })
    await client.write('secret/data/x', { password: 'pw-in-body' })
    await client.write('secret/data/x', {}, { token: ${JSON.stringify(secret)} })
    await client.close()`
  const env = {
    PATH: process.env.PATH,
    ...proxies,
    NODE_USE_ENV_PROXY: '1',
    VAULT_ADDR: proxy.url,
    VAULT_TOKEN: 'environment-token',
    VAULT_NAMESPACE: 'environment-namespace',
    VAULT_PREFIX: '/environment-prefix',
    VAULT_SKIP_VERIFY: 'false',
    DEBUG: '*',
  }
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', code],
    { env, cwd: join(import.meta.dirname, '../../..') },
  )
  t.equal(proxy.requests.length, 0)
  t.strictSame(
    vault.requests.map(({ url, headers }) => [url, headers['x-vault-token'], headers['x-vault-namespace']]),
    [
      ['/v1/secret/data/x', undefined, undefined],
      ['/v1/secret/data/x', secret, undefined],
    ],
  )
  t.notMatch(stdout + stderr, /pw-in-body|hvs\.|environment-token/)
})

t.test('sends the namespace with every call but those that only the root namespace takes', async (t) => {
  const vault = await standIn(t, (_request, response) => response.end('{}'))
  const client = clientOf(t, vault.url, 'team/shop')
  const inNamespace = [
    ...['secret/data/x', 'sys/mounts', 'sys/mounts/sys/health', 'sys/auth', 'sys/policies/acl/audit'],
    ...['sys/health/x', 'sys/auditor', 'sys/wrapping/lookup', 'transit/sys/audit', 'auth/approle/login'],
  ]
  const inRoot = [
    ...['sys/health', 'sys/audit', 'sys/audit-hash/file', 'sys/audit-hash/a/b'],
    ...['sys/config/auditing/request-headers', 'sys/config/auditing/request-headers/X-Correlation-Id'],
  ]
  for (const path of [...inNamespace, ...inRoot]) {
    await client.read(path, { query: { x: 1 } })
    await client.write(path, {})
    await client.list(path)
    await client.delete(path, { token: secret })
  }
  const sent = new Map<string, Set<unknown>>()
  for (const { url, headers } of vault.requests) {
    const path = url.replace(/^\/v1\/|\?.*$/g, '')
    sent.set(path, (sent.get(path) ?? new Set()).add(headers['x-vault-namespace']))
  }
  for (const path of inNamespace) {
    t.strictSame([...(sent.get(path) ?? [])], ['team/shop'], path)
  }
  for (const path of inRoot) {
    t.strictSame([...(sent.get(path) ?? [])], [undefined], path)
  }
})

t.test("gives each of Vault's statuses a code, and keeps its words out of sight", async (t) => {
  const table: [number, string, string][] = [
    [400, 'internal_error', 'words of Vault'],
    [403, 'vault_denied', 'words of Vault'],
    [404, 'internal_error', 'words of Vault'],
    [412, 'vault_unavailable', 'words of Vault'],
    [429, 'vault_throttled', 'words of Vault'],
    [472, 'vault_unavailable', 'words of Vault'],
    [473, 'vault_unavailable', 'words of Vault'],
    [500, 'vault_unavailable', 'words of Vault'],
    [502, 'vault_unavailable', 'words of Vault'],
    [503, 'vault_unavailable', 'words of Vault'],
    [503, 'vault_sealed', 'Vault is sealed'],
  ]
  const answers = table.values()
  const vault = await standIn(t, (_request, response) => {
    const [status, , words] = answers.next().value as [number, string, string]
    response.writeHead(status).end(JSON.stringify({ errors: [words] }))
  })
  const client = clientOf(t, vault.url)
  for (const [status, code, words] of table) {
    const error: VaultError = await client.write('x/y', { input: 'pw-in-body' }, { token: secret }).then(
      () => t.fail(),
      (error) => error,
    )
    t.equal(error.code, code, `${status} is ${code}`)
    t.equal(error.vaultStatus, status)
    t.strictSame(error.vaultMessages, [words])
    const seen = inspect(error, { depth: 10 }) + JSON.stringify(error) + error.message
    t.notMatch(seen, /words of Vault|pw-in-body|hvs\./)
  }
})

t.test('refuses what is no answer of Vault: not JSON, without end, too large, too slow', async (t) => {
  const vault = await standIn(t, ({ url }, response) => {
    if (url === '/v1/page') {
      response.end('<html>')
    }
    if (url === '/v1/silent') {
      return
    }
    if (url === '/v1/dribble') {
      response.write('{')
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    }
    if (url === '/v1/large') {
      const part = Buffer.alloc(1024 * 1024, ' ')
      const more = () => {
        while (!response.destroyed && response.write(part)) {}
      }
      response.on('drain', more)
      more()
    }
  })
  const client = clientOf(t, vault.url)
  await t.rejects(client.read('page'), { code: 'vault_unavailable', message: /not JSON/ })
  await t.rejects(client.read('silent', { timeoutMs: 100 }), { code: 'vault_timeout' })
  await t.rejects(client.read('dribble', { timeoutMs: 200 }), { code: 'vault_timeout' })
  await t.rejects(client.read('large', { timeoutMs: 30_000 }), { code: 'vault_unavailable' })
  const gone = AbortSignal.abort()
  await t.rejects(client.read('page', { signal: gone }), { code: 'vault_timeout' })
  const leaving = new AbortController()
  const call = client.read('silent', { signal: leaving.signal, timeoutMs: 30_000 })
  setTimeout(() => leaving.abort(), 50)
  await t.rejects(call, { code: 'vault_timeout' })
})

t.test('a kept-alive connection that Vault closes under a call', async (t) => {
  let seen = 0
  const vault = await standIn(t, ({ socket, url }, response) => {
    seen += 1
    if (url?.startsWith('/v1/never') || (seen === 2 && url === '/v1/once')) {
      socket.destroy()
    } else {
      response.end('{"data":{"fine":true}}')
    }
  })
  const client = clientOf(t, vault.url)
  const fine = { data: { fine: true } }
  const kinds: [string, (path: string) => Promise<unknown>][] = [
    ['a read', (path) => client.read(path)],
    ['an idempotent write', (path) => client.write(path, {}, { idempotent: true })],
  ]
  for (const [name, call] of kinds) {
    seen = 0
    t.strictSame(await call('once'), fine)
    t.strictSame(await call('once'), fine, `${name} is sent once more`)
    t.equal(seen, 3)
    seen = 0
    await t.rejects(call('never'), { code: 'vault_unavailable' })
    t.equal(seen, 2, `${name} is sent no third time`)
  }
  seen = 0
  await client.write('once', {})
  await t.rejects(client.write('once', {}), { code: 'vault_unavailable' })
  t.equal(seen, 2, 'any other write is not sent again')
})

t.test('a path cannot leave its mount', async (t) => {
  const vault = await standIn(t, (_request, response) => response.end('{}'))
  const client = clientOf(t, vault.url)
  for (const path of ['transit/../sys/seal', 'a//b', '/a', 'a/', 'a/%2e%2e/b', 'a?b', 'a b', '.', 'a\n/b']) {
    await t.rejects(client.read(path), TypeError, path)
  }
  t.equal(vault.requests.length, 0)
})
