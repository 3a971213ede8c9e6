import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { exportJWK } from 'jose'
import t from 'tap'
import { proxyUrl } from '../../../src/config/proxy.ts'
import { IssuerConnection, type IssuerRoute } from '../../../src/http/callers/issuer-connection.ts'
import { JwksCallerKeys } from '../../../src/http/callers/jwks-caller-keys.ts'
import { testIssuer } from '../../support/callers.ts'
import { configProblems, goodEnv } from '../../support/config.ts'
import { certificateMaker } from '../../support/made-certificates.ts'
import { startService, testBackend } from '../../support/service.ts'

const { dir, make } = await certificateMaker(t)
const ca = await make('issuer-ca', { ca: true })
const other = await make('other-ca', { ca: true })
const server = await make('issuer', { by: ca })
const callers = testIssuer()
const { kty, n, e } = await exportJWK(callers.privateKey)
const keys = [{ kty, n, e, kid: 'a', alg: 'RS256' }]

const issuer = createServer(server, (_request, response) => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
})
/** A proxy that opens tunnels, and notes what for. */
const tunnels: { to: string; authorization: string | undefined }[] = []
const proxy = createHttpServer((_request, response) => response.writeHead(403).end())
proxy.on('connect', (request, socket, head) => {
  tunnels.push({ to: request.url as string, authorization: request.headers['proxy-authorization'] })
  const [host, port] = (request.url as string).split(':')
  const onward = connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    onward.write(head)
    onward.pipe(socket).pipe(onward)
  })
  for (const end of [onward, socket]) {
    end.on('error', () => {})
  }
})
for (const it of [issuer, proxy]) {
  it.listen(0, '127.0.0.1')
  await once(it, 'listening')
  t.teardown(() => {
    it.close()
    it.closeAllConnections()
  })
}
const at = (it: { address(): unknown }) => `127.0.0.1:${(it.address() as AddressInfo).port}`
const url = `https://${at(issuer)}/keys`
const times = { refresh: 60, cooldown: 60, maxStale: 60 }

/** Whether the keys come by such a route, and what was logged. */
async function fetched(route: IssuerRoute) {
  const reasons: unknown[] = []
  const log = { info() {}, error() {}, warn: ({ reason }: { reason: unknown }) => reasons.push(reason) }
  const found = new JwksCallerKeys(url, times, log as never, new IssuerConnection(route, log))
  await found.start()
  found.stop()
  return { ready: found.ready(), reasons }
}

t.test('an issuer with a private CA', async (t) => {
  t.match(await fetched({ caFile: ca.certFile }), { ready: true, reasons: [] })
  t.match(await fetched({}), { ready: false, reasons: [/UNABLE_TO|SELF_SIGNED/] })
  t.match(await fetched({ caFile: other.certFile }), { ready: false, reasons: [/UNABLE_TO|SELF_SIGNED/] })
  t.throws(() => new IssuerConnection({ caFile: join(dir, 'none') }), {
    message: 'PADLOCK_CALLER_CACERT cannot be read (ENOENT)',
  })
})

t.test('a CA that is renewed under it is taken up', async (t) => {
  const caFile = join(dir, 'changing.pem')
  await copyFile(other.certFile, caFile)
  const log = { info() {}, error() {}, warn() {} } as never
  const connection = new IssuerConnection({ caFile })
  const found = new JwksCallerKeys(url, times, log, connection)
  await found.start()
  t.notOk(found.ready())
  await copyFile(ca.certFile, caFile)
  await found.start()
  t.ok(found.ready())
  found.stop()
})

t.test('a proxy: honoured for https, with its password, and not for what NO_PROXY names', async (t) => {
  const route = { caFile: ca.certFile, proxy: `http://user:secret@${at(proxy)}` }
  t.match(await fetched(route), { ready: true })
  const authorization = `Basic ${Buffer.from('user:secret').toString('base64')}`
  t.match(tunnels, [{ to: at(issuer), authorization }])
  tunnels.length = 0
  for (const noProxy of ['127.0.0.1', `issuer.test, ${at(issuer)}`, '*']) {
    t.match(await fetched({ ...route, noProxy }), { ready: true })
  }
  t.strictSame(tunnels, [])
  const trusting = await fetched({ ...route, caFile: other.certFile })
  t.match(trusting, { ready: false, reasons: [/UNABLE_TO|SELF_SIGNED/] }, 'verified through the proxy too')
})

t.test('HTTPS_PROXY and NO_PROXY as they are written', async (t) => {
  for (const [value, is] of [
    ['http://proxy.test:3128', 'http://proxy.test:3128/'],
    ['proxy.test:3128', 'http://proxy.test:3128/'],
    ['https://proxy.test', 'https://proxy.test/'],
    ['socks5://proxy.test:1080', undefined],
    ['http://proxy.test/pac', undefined],
    ['http://', undefined],
  ] as const) {
    t.equal(proxyUrl(value), is, value)
    const problems = configProblems({ ...goodEnv, HTTPS_PROXY: value })
    t.equal(problems.length, is === undefined ? 1 : 0, value)
  }
  t.match(configProblems({ ...goodEnv, https_proxy: 'socks5://user:secret@proxy.test' }), [
    /^HTTPS_PROXY must/,
  ])
  const file = { PADLOCK_CALLER_JWKS_URL: '', PADLOCK_CALLER_PUBLIC_KEY_FILE: 'key.pem' }
  t.strictSame(configProblems({ ...goodEnv, ...file, HTTPS_PROXY: 'socks5://proxy.test' }), [], 'not used')
})

t.test('serve asks the issuer through the proxy, and Vault never', async (t) => {
  tunnels.length = 0
  const backend = await testBackend(t)
  const { PADLOCK_CALLER_PUBLIC_KEY_FILE: _, ...env } = backend.env
  const service = await startService(t, { ...backend, callers, env } as typeof backend, {
    PADLOCK_CALLER_JWKS_URL: url,
    PADLOCK_CALLER_CACERT: ca.certFile,
    HTTPS_PROXY: 'http://127.0.0.1:1',
    https_proxy: `http://user:secret@${at(proxy)}`,
    HTTP_PROXY: `http://${at(proxy)}`,
    NODE_USE_ENV_PROXY: '1',
  })
  t.equal((await service.issue({ userId: 'customer-8714' })).status, 200)
  t.same(new Set(tunnels.map(({ to }) => to)), new Set([at(issuer)]))
  t.notMatch(JSON.stringify(service.log), 'secret')
})
