import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { testAuthority } from '../support/certificates.ts'
import { httpsRequest } from '../support/https.ts'
import { peakMemoryMb } from '../support/process-use.ts'
import { goodParts, rawPost, sendRaw } from '../support/raw-http.ts'
import { startService, testBackend } from '../support/service.ts'
import { vaultStandIn } from '../support/vault-stand-in.ts'

// Peers that ask for large answers and do not read them.

const backend = await testBackend(t)
const authority = await testAuthority(backend.vault, 'listener')
const { certFile, keyFile } = await authority.issue('padlock.test', { ip: '127.0.0.1' })
const ca = authority.caPem
const bundle = '/docs/static/swagger-ui-bundle.js'
const peers = 200
const mostMemoryMb = 300

const start = (secure: boolean) =>
  startService(
    t,
    backend,
    // They stay for the whole test.
    {
      PADLOCK_REQUEST_DEADLINE_MS: '30000',
      ...(secure && { PADLOCK_TLS_CERT_FILE: certFile, PADLOCK_TLS_KEY_FILE: keyFile }),
    },
    secure ? { ca } : undefined,
  )

/** Asks for a path on a connection of its own, and reads nothing. */
async function askUnread(t: Test, url: string, secure: boolean, path: string): Promise<Socket> {
  const to = { host: '127.0.0.1', port: Number(new URL(url).port) }
  const socket = secure ? connectTls({ ...to, ca }) : connect(to)
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once(secure ? 'secureConnect' : 'connect', resolve))
  socket.pause()
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  return socket
}

for (const secure of [true, false]) {
  const how = secure ? 'TLS' : 'plain'
  t.test(`${peers} that do not read the largest answer cost little memory: ${how}`, async (t) => {
    const { url, process: child } = await start(secure)
    const ask = async (path: string) =>
      secure
        ? httpsRequest(url + path, { ca })
        : fetch(url + path).then(async (r) => ({ ...r, headers: r.headers, body: await r.text() }))
    const first = await ask(bundle)
    for (const path of [bundle, '/openapi.json', '/metrics']) {
      const sockets = await Promise.all(Array.from({ length: peers }, () => askUnread(t, url, secure, path)))
      await sleep(500)
      const again = await ask(bundle)
      t.equal(again.body, first.body, `${path}: others get the answer whole`)
      t.equal(again.headers.get('content-length'), String(Buffer.byteLength(first.body)))
      for (const socket of sockets) {
        socket.destroy()
      }
    }
    const memory = peakMemoryMb(child.pid as number)
    t.ok(memory < mostMemoryMb, `${memory.toFixed(0)} MB`)
  })
}

t.test('what cannot be read behind a request whose answer is not there yet is counted once', async (t) => {
  const stand = await vaultStandIn(t, backend.vault.address)
  const env = { VAULT_ADDR: stand.address, PADLOCK_REQUEST_DEADLINE_MS: '10000' }
  const { url, log } = await startService(t, backend, env)
  const { authorization, body, json } = await goodParts(backend.callers)
  const held = stand.holdSigning()
  const garbage = Array.from({ length: 30 }, () => ['garbage\r\n\r\n', 5]).flat()
  const answers = sendRaw(url, [rawPost([authorization, json], body), 200, ...garbage])
  await sleep(1_000)
  held.release()
  t.strictSame(
    (await answers).map(({ status, headers }) => [status, headers.get('connection')]),
    [[200, 'close']],
  )
  t.match(await (await fetch(`${url}/metrics`)).text(), /^padlock_pipelined_connections_total 1$/m)
  t.strictSame(
    log.filter((line) => typeof line === 'string'),
    [],
    "no warning of Node's",
  )
})
