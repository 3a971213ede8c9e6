import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { testAuthority } from '../../support/certificates.ts'
import { httpsRequest } from '../../support/https.ts'
import { startService, type TestService, testBackend } from '../../support/service.ts'
import { vaultStandIn } from '../../support/vault-stand-in.ts'
import { until } from '../../support/wait.ts'

const backend = await testBackend(t)
const authority = await testAuthority(backend.vault, 'listener')
const tls = { ca: authority.caPem }
const files = await authority.issue('padlock.test', { ip: '127.0.0.1' })
const env = { PADLOCK_TLS_CERT_FILE: files.certFile, PADLOCK_TLS_KEY_FILE: files.keyFile }
const deadlineMs = 1_000
const service = await startService(
  t,
  backend,
  { ...env, PADLOCK_REQUEST_DEADLINE_MS: String(deadlineMs), PADLOCK_LOG_LEVEL: 'debug' },
  tls,
)
const port = (of: TestService) => Number(new URL(of.url).port)

/** A handshake: the socket when it is done, or the reason why it never is. */
function handshake(of: TestService, options: ConnectionOptions = {}): Promise<TLSSocket | string> {
  return new Promise((resolve) => {
    const socket = connect({ port: port(of), host: '127.0.0.1', ...tls, ...options })
    socket.once('secureConnect', () => resolve(socket))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

async function metric(of: TestService, name: string): Promise<number> {
  const { body } = await httpsRequest(`${of.url}/metrics`, tls)
  return Number(
    body
      .split('\n')
      .find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      ?.split(' ')[1],
  )
}

async function issue(t: Test, of: TestService, options: Parameters<typeof httpsRequest>[1] = {}) {
  const headers = {
    authorization: `Bearer ${await backend.callers.token()}`,
    'content-type': 'application/json',
  }
  const body = '{"userId":"customer-8714"}'
  const answer = await httpsRequest(`${of.url}/v1/profiles/default/tokens`, {
    ...tls,
    method: 'POST',
    headers,
    body,
    ...options,
  })
  t.equal(answer.status, 200)
  return answer
}

t.test('a token over TLS 1.2 and 1.3, and TLS from then on', async (t) => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const answer = await issue(t, service, { minVersion: version, maxVersion: version })
    t.equal(answer.headers.get('strict-transport-security'), 'max-age=31536000')
  }
})

t.test('older versions, ciphers without forward secrecy and HTTP/2 are refused', async (t) => {
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
  t.match(await handshake(service, old), /ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION/)
  for (const ciphers of ['ECDHE-ECDSA-AES128-SHA256', 'AES128-GCM-SHA256', 'AES128-SHA']) {
    t.match(await handshake(service, { maxVersion: 'TLSv1.2', ciphers }), /HANDSHAKE_FAILURE/, ciphers)
  }
  t.match(await handshake(service, { ALPNProtocols: ['h2'] }), /NO_APPLICATION_PROTOCOL/)
})

t.test('a second handshake on a connection is refused', async (t) => {
  const socket = (await handshake(service, { maxVersion: 'TLSv1.2' })) as TLSSocket
  t.teardown(() => socket.destroy())
  const refused = await new Promise<Error | null>((resolve) => {
    socket.once('error', resolve)
    socket.once('close', () => resolve(null))
    socket.renegotiate({}, resolve)
  })
  t.match(refused, { code: /NO_RENEGOTIATION/ })
})

t.test('what speaks no TLS is hung up on, without a word, by the deadline, and counted', async (t) => {
  const before = await metric(service, 'padlock_tls_handshake_failures_total')
  const send = async (bytes: string) => {
    const socket = connectTcp(port(service), '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.write(bytes)
    await once(socket, 'close')
    return received
  }
  const start = performance.now()
  for (const text of await Promise.all(['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'garbage\n'].map(send))) {
    t.notMatch(text, /HTTP/)
  }
  await send('\x16\x03')
  // Generous: what would fail here is Node's own two minutes.
  t.ok(performance.now() - start < 5 * deadlineMs)
  t.equal(await metric(service, 'padlock_tls_handshake_failures_total'), before + 3)
  t.strictSame(
    service.log.filter(({ level }) => level === 'error' || level === 'fatal'),
    [],
  )
})

t.test('a flood is refused at the door as it is without TLS', async (t) => {
  const standIn = await vaultStandIn(t, backend.vault.address)
  const limits = {
    PADLOCK_SIGN_IN_FLIGHT: '1',
    PADLOCK_SIGN_QUEUE_MAX: '1',
    PADLOCK_REQUEST_DEADLINE_MS: '60000',
  }
  const flooded = await startService(t, backend, { ...env, ...limits, VAULT_ADDR: standIn.address }, tls)
  const held = standIn.holdSigning()
  const first = issue(t, flooded)
  await held.reached
  const second = issue(t, flooded)
  const tokens = `${flooded.url}/v1/profiles/default/tokens`
  // Without a caller's JWT it would be 401, if it were looked at.
  const unknown = async () => (await httpsRequest(tokens, { ...tls, method: 'POST', body: '{}' })).status
  while ((await unknown()) !== 503) {}
  held.release()
  await Promise.all([first, second])
})

/** A service whose certificate and key are files of its own, to be changed. */
async function onCopies(t: Test, name: string) {
  const certFile = join(backend.vault.dir, `${name}.pem`)
  const keyFile = join(backend.vault.dir, `${name}-key.pem`)
  await copyFile(files.certFile, certFile)
  await copyFile(files.keyFile, keyFile)
  const env = { PADLOCK_TLS_CERT_FILE: certFile, PADLOCK_TLS_KEY_FILE: keyFile }
  return { service: await startService(t, backend, env, tls), certFile, keyFile }
}

t.test(
  'files that change are taken up; bad ones leave the last good ones in use, and are reported',
  async (t) => {
    const { service: changing, certFile, keyFile } = await onCopies(t, 'changing')
    const kept = (await handshake(changing)) as TLSSocket
    t.teardown(() => kept.destroy())
    const askOnKept = async () => {
      kept.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n')
      return String((await once(kept, 'data'))[0])
    }
    t.match(await askOnKept(), /^HTTP\/1\.1 200 .*connection: keep-alive\r\n/is)
    const serial = async () =>
      (await httpsRequest(`${changing.url}/health/live`, tls)).certificate.serialNumber
    const component = async () =>
      JSON.parse((await httpsRequest(`${changing.url}/health/ready`, tls)).body).components.tls
    const first = await serial()
    t.match(await component(), { status: 'ok', expiresAt: /^\d{4}-.*Z$/ })
    const left = await metric(changing, 'padlock_tls_certificate_expiry_seconds')
    t.ok(left > 3_000 && left <= 3_600, `an hour: ${left}`)

    const next = await authority.issue('next.test', { ip: '127.0.0.1' })
    await copyFile(next.certFile, certFile)
    t.match(await changing.logged({ level: 'error' }), { reason: /PADLOCK_TLS_KEY_FILE is not the key/ })
    t.equal(await serial(), first, 'the last good one')
    t.match(await component(), { status: 'degraded', problem: /PADLOCK_TLS_KEY_FILE is not the key/ })
    t.equal(await metric(changing, 'padlock_tls_last_reload_successful'), 0)

    await copyFile(next.keyFile, keyFile)
    await changing.logged({ msg: 'the TLS files have changed and are in use' })
    t.not(await serial(), first)
    t.match(await component(), { status: 'ok' })
    t.equal(await metric(changing, 'padlock_tls_last_reload_successful'), 1)
    t.match(
      await askOnKept(),
      /^HTTP\/1\.1 200 .*connection: close\r\n/is,
      'who came before is to come again',
    )

    for (const bad of ['', 'no certificate', `${await readFile(next.keyFile, 'utf8')}`]) {
      const logged = changing.log.length
      await writeFile(certFile, bad)
      await until(() => changing.log.slice(logged).some(({ level }) => level === 'error'))
      t.match((await component()).problem, /PADLOCK_TLS_CERT_FILE holds no certificate/)
    }
  },
)

t.test(
  'a certificate that ends soon is reported a good while before, and one that has ended is not taken up',
  async (t) => {
    const ending = await authority.issue('ending.test', { ip: '127.0.0.1', ttl: '10m' })
    const ended = await authority.issue('ended.test', { ip: '127.0.0.1', ttl: '1s' })
    const { service: renewed, certFile, keyFile } = await onCopies(t, 'ending')
    await copyFile(ending.keyFile, keyFile)
    await copyFile(ending.certFile, certFile)
    t.match(await renewed.logged({ msg: 'a certificate of the listener ends soon: renew it' }), {
      ...{ level: 'warn', ending: ['server'] },
    })
    const component = async () =>
      JSON.parse((await httpsRequest(`${renewed.url}/health/ready`, tls)).body).components.tls
    t.match(await component(), { status: 'degraded' })

    const { validToDate } = new X509Certificate(await readFile(ended.certFile))
    await until(() => Date.now() > validToDate.getTime())
    await copyFile(ended.keyFile, keyFile)
    await copyFile(ended.certFile, certFile)
    t.match(
      await renewed.logged({
        level: 'error',
        reason: 'PADLOCK_TLS_CERT_FILE has expired or is not good yet',
      }),
      {},
    )
    await issue(t, renewed)
  },
)

t.test('with a client CA, only a client with a certificate of that CA gets in', async (t) => {
  const clients = await testAuthority(backend.vault, 'clients')
  const pair = async (of: typeof clients, name: string) => {
    const { certFile, keyFile } = await of.issue(name)
    return { cert: await readFile(certFile), key: await readFile(keyFile) }
  }
  const good = { ...tls, ...(await pair(clients, 'shop')) }
  const mutual = await startService(t, backend, { ...env, PADLOCK_TLS_CLIENT_CA_FILE: clients.caFile }, good)
  await issue(t, mutual, good)
  const { body } = await httpsRequest(`${mutual.url}/metrics`, good)
  t.match(body, /padlock_tls_certificate_expiry_seconds\{certificate="client_ca"\} \d/)

  const stranger = { ...tls, ...(await pair(authority, 'stranger')) }
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const versions = { minVersion: version, maxVersion: version }
    await issue(t, mutual, { ...good, ...versions })
    await t.rejects(httpsRequest(`${mutual.url}/health/live`, { ...tls, ...versions }), `${version}, none`)
    await t.rejects(
      httpsRequest(`${mutual.url}/health/live`, { ...stranger, ...versions }),
      `${version}, of another CA`,
    )
  }
})

t.test('a start with files that cannot be used is refused, by the name of the variable', async (t) => {
  const other = await authority.issue('other.test')
  const start = (more: Record<string, string>) => startService(t, backend, { ...env, ...more }, tls)
  const none = join(backend.vault.dir, 'none.pem')
  await t.rejects(
    start({ PADLOCK_TLS_CERT_FILE: none }),
    /padlock ended with 2.*PADLOCK_TLS_CERT_FILE cannot be read \(ENOENT\)/,
  )
  await t.rejects(start({ PADLOCK_TLS_KEY_FILE: other.keyFile }), /PADLOCK_TLS_KEY_FILE is not the key/)
  await t.rejects(
    start({ PADLOCK_TLS_KEY_FILE: files.certFile }),
    /PADLOCK_TLS_KEY_FILE holds no private key/,
  )
  await t.rejects(
    start({ PADLOCK_TLS_CLIENT_CA_FILE: other.keyFile }),
    /PADLOCK_TLS_CLIENT_CA_FILE holds a private key/,
  )
})
