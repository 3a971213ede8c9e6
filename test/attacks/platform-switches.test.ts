import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { exportJWK } from 'jose'
import t from 'tap'
import { lookAt } from '../../src/commands/key/instance-verdicts.ts'
import { requestToken } from '../../src/commands/token/padlock-api.ts'
import { refusedSwitches, reportedSwitches } from '../../src/config/platform-switches.ts'
import { JwksCallerKeys } from '../../src/http/callers/jwks-caller-keys.ts'
import { connectRedis } from '../../src/http/limits/redis.ts'
import { openExporter } from '../../src/tracing/exporter.ts'
import { createVaultClient } from '../../src/vault/client/client.ts'
import { testIssuer } from '../support/callers.ts'
import { goodEnv } from '../support/config.ts'
import { certificateMaker } from '../support/made-certificates.ts'
import { until } from '../support/wait.ts'

/*
 * Switches of Node and OpenSSL that weaken what Padlock promises: each is refused by its name in a real process, and
 * each connection verifies by itself, so that a switch that came past the check changes nothing either.
 */

const root = join(import.meta.dirname, '../..')
const { dir, make } = await certificateMaker(t)
const stranger = await make('stranger', { ca: true })
const strangerServer = await make('stranger-server', { by: stranger })
const own = await make('own', { ca: true })
await mkdir(join(dir, 'home'))

/** A stranger who answers in everybody's place: with a JWK Set of his own, a token, a Vault that takes all. */
const thief = testIssuer()
const requests: string[] = []
const strangersKey = { ...(await exportJWK(thief.privateKey)), d: undefined, kid: 'thief', alg: 'RS256' }
const server = createHttpsServer(strangerServer, (request, response) => {
  requests.push(`${request.method} ${request.url}`)
  const isKeys = request.url === '/keys'
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(isKeys ? { keys: [strangersKey] } : { token: 'x', data: { keys: [] } }))
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
/** A Redis of his, which only has to be greeted. */
const greetings: string[] = []
const redisServer = createTlsServer(strangerServer, (socket) => {
  socket.on('error', () => {})
  socket.on('data', (chunk) => greetings.push(String(chunk)))
})
redisServer.listen(0, '127.0.0.1')
await once(redisServer, 'listening')
/** A proxy that notes who comes, and hangs up. */
const proxied: string[] = []
const proxy = createTcpServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', (chunk) => {
    proxied.push(String(chunk).split('\r\n')[0] as string)
    socket.destroy()
  })
})
proxy.listen(0, '127.0.0.1')
await once(proxy, 'listening')
t.teardown(() => {
  for (const it of [server, redisServer, proxy]) {
    it.close()
  }
  server.closeAllConnections()
})
const portOf = (it: { address(): unknown }) => (it.address() as AddressInfo).port
const url = `https://127.0.0.1:${portOf(server)}`
const proxyUrl = `http://127.0.0.1:${portOf(proxy)}`

interface Ended {
  code: number | null
  stderr: string
}

/** Runs padlock with nothing but these variables. */
function padlock(words: string[], env: Record<string, string>, nodeOptions: string[] = []): Promise<Ended> {
  return new Promise((resolve) => {
    const all = { PATH: process.env.PATH as string, HOME: join(dir, 'home'), ...env }
    const child = execFile(
      process.execPath,
      [...nodeOptions, 'src/main.ts', ...words],
      { cwd: root, env: all },
      (_error, _stdout, stderr) => resolve({ code: child.exitCode, stderr }),
    )
    child.stdin?.end('customer-8714\n')
  })
}

const serveEnv = { ...goodEnv, VAULT_ADDR: url, PADLOCK_CALLER_JWKS_URL: `${url}/keys`, PADLOCK_PORT: '0' }
const vaultEnv = { VAULT_ADDR: url, VAULT_TOKEN: 'root' }
const issueEnv = { PADLOCK_URL: url, PADLOCK_CALLER_TOKEN: 'a.b.c' }

/** Variables with which nothing starts, and the name that must be said. */
const refusedInEnvironment: [name: string, env: Record<string, string>][] = [
  ['NODE_TLS_REJECT_UNAUTHORIZED', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
  ['NODE_TLS_REJECT_UNAUTHORIZED', { NODE_TLS_REJECT_UNAUTHORIZED: 'false' }],
  ['SSLKEYLOGFILE', { SSLKEYLOGFILE: join(dir, 'keys.log') }],
  ['OPENSSL_CONF', { OPENSSL_CONF: '/dev/null' }],
  ['OPENSSL_MODULES', { OPENSSL_MODULES: '/nowhere' }],
  ['OPENSSL_ENGINES', { OPENSSL_ENGINES: '/nowhere' }],
  ['NODE_DEBUG', { NODE_DEBUG: 'http' }],
  ['NODE_DEBUG_NATIVE', { NODE_DEBUG_NATIVE: 'tls' }],
  ['DEBUG', { DEBUG: '*' }],
  ['DEBUG', { DEBUG: 'express,ioredis:*' }],
  ['--tls-min-v1.0', { NODE_OPTIONS: '--tls-min-v1.0' }],
  ['--tls-min-v1.1', { NODE_OPTIONS: '--no-warnings --tls-min-v1.1' }],
  ['--tls-cipher-list', { NODE_OPTIONS: '--tls-cipher-list=ALL:@SECLEVEL=0' }],
  ['--tls-keylog', { NODE_OPTIONS: `--tls-keylog=${join(dir, 'keys.log')}` }],
  ['--trace-tls', { NODE_OPTIONS: '--trace-tls' }],
  ['--openssl-config', { NODE_OPTIONS: '--openssl-config=/dev/null' }],
  ['--insecure-http-parser', { NODE_OPTIONS: '--insecure-http-parser' }],
  ['--insecure-http-parser', { NODE_OPTIONS: '"--insecure_http_parser"' }],
  ['--inspect', { NODE_OPTIONS: '--inspect=127.0.0.1:0' }],
  ['--abort-on-uncaught-exception', { NODE_OPTIONS: '--abort_on_uncaught_exception' }],
  ['--heapsnapshot-signal', { NODE_OPTIONS: '--heapsnapshot-signal=SIGUSR2' }],
  ['--report-on-signal', { NODE_OPTIONS: '--report-on-signal' }],
]
const refusedOnCommandLine: [name: string, options: string[]][] = [
  ['--tls-min-v1.0', ['--tls-min-v1.0']],
  ['--insecure-http-parser', ['--insecure-http-parser']],
  ['--inspect', ['--inspect=127.0.0.1:0']],
]

t.test('each is refused by its name', async (t) => {
  for (const [name, env] of refusedInEnvironment) {
    const [problem, ...more] = refusedSwitches(env, [])
    t.match(problem, `${name} `, JSON.stringify(env))
    t.strictSame(more, [])
  }
  for (const [name, options] of refusedOnCommandLine) {
    t.match(refusedSwitches({}, options), [new RegExp(`^${name} `)], options.join(' '))
  }
})

t.test('serve does not start with what weakens it, and names all of it', async (t) => {
  // As many in one process as go together: a second value of a variable needs a second process.
  const runs: { names: string[]; env: Record<string, string> }[] = []
  for (const [name, env] of refusedInEnvironment) {
    const [[variable, value]] = Object.entries(env) as [[string, string]]
    const options = variable === 'NODE_OPTIONS'
    let run = runs.find((it) => options || it.env[variable] === undefined)
    if (run === undefined) {
      run = { names: [], env: {} }
      runs.push(run)
    }
    run.names.push(name)
    run.env[variable] = options ? `${run.env[variable] ?? ''} ${value}` : value
  }
  for (const { names, env } of runs) {
    const { code, stderr } = await padlock(['serve'], { ...serveEnv, ...env })
    t.equal(code, 2, JSON.stringify(env))
    for (const name of names) {
      t.match(stderr, `  ${name} `)
    }
  }
  const { code, stderr } = await padlock(
    ['serve'],
    serveEnv,
    refusedOnCommandLine.flatMap(([, options]) => options),
  )
  t.equal(code, 2, 'on the command line')
  for (const [name] of refusedOnCommandLine) {
    t.match(stderr, `  ${name} (NODE_OPTIONS) is not supported`)
  }
  t.strictSame(requests, [], 'nobody was asked')
})

t.test('every command that opens a connection refuses it too', async (t) => {
  const switched = { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_OPTIONS: '--tls-min-v1.0' }
  const hex = 'a'.repeat(43)
  for (const words of [
    ['profile', 'list'],
    ['key', 'activate', 'default', '2', '--acknowledged', hex, '--instance', url, '--yes'],
    ['audit', 'find', hex, '--log', join(root, 'package.json')],
  ]) {
    const { code, stderr } = await padlock(words, { ...vaultEnv, ...switched })
    t.equal(code, 2, words.join(' '))
    t.match(stderr, /NODE_TLS_REJECT_UNAUTHORIZED is not supported/, words.join(' '))
    t.match(stderr, /--tls-min-v1\.0 \(NODE_OPTIONS\) is not supported/, words.join(' '))
  }
  const issued = await padlock(['token', 'issue', 'default'], { ...issueEnv, ...switched })
  t.match(issued, { code: 2, stderr: /NODE_TLS_REJECT_UNAUTHORIZED is not supported/ })
  t.match(await padlock(['--version'], switched), { code: 0 }, 'what opens no connection runs')
  t.strictSame(requests, [], 'nobody was asked')
})

t.test('each connection verifies by itself, even where the switch is on', async (t) => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
  t.teardown(() => {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
  })
  const warnings: string[] = []
  const log = {
    info() {},
    error() {},
    warn: (fields: object) => warnings.push(JSON.stringify(fields)),
  } as never
  const untrusted = /SELF_SIGNED|UNABLE_TO/

  t.equal((await fetch(url)).status, 200, 'the switch is on')
  requests.length = 0

  const vault = createVaultClient({ address: url })
  await t.rejects(vault.read('sys/health'), { message: untrusted }, 'Vault')
  await vault.close()

  const keys = new JwksCallerKeys(`${url}/keys`, { refresh: 60, cooldown: 60, maxStale: 60 }, log)
  await keys.start()
  t.notOk(keys.ready(), 'the JWK Set')
  keys.stop()
  t.match(warnings.pop(), untrusted)

  const redis = await connectRedis(`rediss://127.0.0.1:${portOf(redisServer)}`, log)
  await until(() => warnings.length > 0)
  t.match(warnings.pop(), untrusted, 'Redis')
  redis.disconnect()
  const shouting = await connectRedis(`REDISS://127.0.0.1:${portOf(redisServer)}`, log)
  await until(() => warnings.length > 0)
  t.match(warnings.pop(), untrusted, 'Redis, its scheme in capitals')
  shouting.disconnect()
  t.strictSame(greetings, [])

  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = url
  const exporter = await openExporter({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' } as never, log)
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT
  const { code } = await new Promise<{ code: number }>((resolve) => exporter.export([], resolve))
  t.equal(code, 1, 'the collector')
  await exporter.shutdown()

  t.match(await lookAt(url, { profile: 'default', version: 1, kvVersion: 1 }), {
    ...{ verdict: 'unreachable', reason: untrusted },
  })
  await t.rejects(
    requestToken({ url, callerToken: 'a.b.c' }, 'default', { userId: 'customer-8714' }),
    { message: untrusted },
    'PADLOCK_URL',
  )
  t.strictSame(requests, [], 'nobody was told anything')
})

t.test('more public CAs: they count where no CA is named, and never beside one that is', async (t) => {
  const trusting: [what: string, env: Record<string, string>][] = [
    ['NODE_EXTRA_CA_CERTS', { NODE_EXTRA_CA_CERTS: stranger.certFile }],
    ['--use-openssl-ca', { NODE_OPTIONS: '--use-openssl-ca', SSL_CERT_FILE: stranger.certFile }],
    ['--use-system-ca', { NODE_OPTIONS: '--use-system-ca', SSL_CERT_FILE: stranger.certFile }],
  ]
  for (const [what, env] of trusting) {
    requests.length = 0
    await padlock(['profile', 'list'], { ...vaultEnv, ...env })
    t.equal(requests.length > 0, true, `${what} is honoured`)
  }
  requests.length = 0
  const all = { ...Object.assign({}, ...trusting.map(([, env]) => env)), VAULT_CACERT: own.certFile }
  const named = await padlock(['profile', 'list'], { ...vaultEnv, ...all })
  t.match(named, { code: 3, stderr: /Vault cannot be reached/ }, 'beside VAULT_CACERT')
  t.strictSame(requests, [], 'beside VAULT_CACERT')
  requests.length = 0
  const alone = await padlock(['profile', 'list'], { ...vaultEnv, SSL_CERT_FILE: stranger.certFile })
  t.match(alone, { code: 3 }, 'SSL_CERT_FILE alone has no effect')
  t.strictSame(requests, [])
})

t.test("proxies of the environment get nothing of Vault's, of Padlock's or of the collector's", async (t) => {
  const everywhere = Object.fromEntries(
    ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [
      [name, proxyUrl],
      [name.toLowerCase(), proxyUrl],
    ]),
  )
  for (const [what, env] of [
    ['--use-env-proxy', { ...everywhere, NODE_USE_ENV_PROXY: '1', NODE_OPTIONS: '--use-env-proxy' }],
  ] as const) {
    for (const address of [url, 'http://127.0.0.1:1']) {
      t.match(await padlock(['profile', 'list'], { ...vaultEnv, VAULT_ADDR: address, ...env }), { code: 3 })
      const issued = await padlock(['token', 'issue', 'default'], {
        ...issueEnv,
        PADLOCK_URL: address,
        ...env,
      })
      t.match(issued, { code: 3 })
    }
    t.strictSame(proxied, [], what)
  }
})

t.test('what is honoured is reported, by name', async (t) => {
  for (const [env, names] of [
    [{ NODE_EXTRA_CA_CERTS: 'x' }, ['NODE_EXTRA_CA_CERTS']],
    [{ SSL_CERT_FILE: 'x', SSL_CERT_DIR: 'x' }, []],
    [{ SSL_CERT_FILE: 'x', NODE_OPTIONS: '--use-openssl-ca' }, ['SSL_CERT_FILE', '--use-openssl-ca']],
    [{ SSL_CERT_DIR: 'x', NODE_USE_SYSTEM_CA: '1' }, ['NODE_USE_SYSTEM_CA', 'SSL_CERT_DIR']],
    [{ NODE_OPTIONS: '--require ./apm.js --import=x -r y' }, ['--require', '--import', '-r']],
    [{ NODE_OPTIONS: '--openssl-legacy-provider' }, ['--openssl-legacy-provider']],
    [{ NODE_USE_ENV_PROXY: '1', ALL_PROXY: 'x' }, ['NODE_USE_ENV_PROXY', 'ALL_PROXY']],
    [{ NODE_OPTIONS: '--max-old-space-size=200 --use_system_ca' }, ['--use-system-ca']],
    [{ NODE_OPTIONS: '', HTTPS_PROXY: proxyUrl, DEBUG: 'express' }, []],
  ] as [NodeJS.ProcessEnv, string[]][]) {
    t.strictSame(reportedSwitches(env, []), names, JSON.stringify(env))
    t.strictSame(refusedSwitches(env, []), [], JSON.stringify(env))
  }
  for (const [env, count] of [
    [{ NODE_TLS_REJECT_UNAUTHORIZED: '1' }, 0],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: '' }, 0],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: '00' }, 1],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: ' 0' }, 1],
    [{ DEBUG: 'io*' }, 1],
    [{ DEBUG: 'node-vault' }, 1],
    [{ DEBUG: 'true' }, 0],
    [{ NODE_OPTIONS: '--no-insecure-http-parser --tls-min-v1.3 --inspect-port=0' }, 0],
    [{ NODE_OPTIONS: '--inspect-brk --inspect-wait --inspect-brk-node' }, 3],
    [{ NODE_OPTIONS: '"--tls-\\min-v1.0" --tls_min-v1.1=' }, 2],
  ] as [NodeJS.ProcessEnv, number][]) {
    t.equal(refusedSwitches(env, []).length, count, JSON.stringify(env))
  }
})
