import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { acceptToken } from '../../../dev/accept-token.ts'
import { testAuthority } from '../../support/certificates.ts'
import { httpsRequest } from '../../support/https.ts'
import { startService, type TestService, testBackend } from '../../support/service.ts'

const backend = await testBackend(t)
const token = await backend.callers.token()
const authority = await testAuthority(backend.vault, 'listener')
const { certFile, keyFile } = await authority.issue('padlock.test', { ip: '127.0.0.1' })
const tls = { ca: authority.caPem }
const tlsEnv = { PADLOCK_TLS_CERT_FILE: certFile, PADLOCK_TLS_KEY_FILE: keyFile }

/** An agent with one kept-alive connection. */
const keepAlive = (url: string) =>
  url.startsWith('https')
    ? new https.Agent({ keepAlive: true, maxSockets: 1, ...tls })
    : new http.Agent({ keepAlive: true, maxSockets: 1 })

interface Outcome {
  /** the answer's status, or the error's code */
  result: number | string
  code?: string
  token?: string
  userId: string
  connection?: string | undefined
  /** whether the connection had carried a request before */
  reused: boolean
}

/** One request over a kept-alive connection. */
function issue(url: string, agent: http.Agent, userId: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const { request } = url.startsWith('https') ? https : http
    const sent = request(`${url}/v1/profiles/default/tokens`, { method: 'POST', agent, headers })
    sent.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ result: error.code ?? error.message, userId, reused: sent.reusedSocket }),
    )
    sent.on('response', async (response: IncomingMessage) => {
      let text = ''
      for await (const chunk of response) {
        text += chunk
      }
      const { code, token } = JSON.parse(text)
      resolve({
        result: response.statusCode as number,
        code,
        token,
        userId,
        connection: response.headers.connection,
        reused: sent.reusedSocket,
      })
    })
    sent.end(JSON.stringify({ userId }))
  })
}

/** Asks for tokens over 16 kept-alive connections, each client until an answer sends it elsewhere. */
async function load(url: string, leaves: (outcome: Outcome) => boolean): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const client = async (_value: unknown, name: number) => {
    const agent = keepAlive(url)
    for (let i = 0, leaving = false; !leaving; i++) {
      const outcome = await issue(url, agent, `visitor-${name}-${i}`)
      outcomes.push(outcome)
      leaving = leaves(outcome)
      await sleep(5)
    }
    agent.destroy()
  }
  await Promise.all(Array.from({ length: 16 }, client))
  return outcomes
}

const isRefusal = ({ result, code }: Outcome) => result === 503 && code === 'shutting_down'
/** Nobody listens any more. */
const isGone = ({ result }: Outcome) => result === 'ECONNREFUSED'

const ready = async ({ url }: TestService) => {
  const address = `${url}/health/ready`
  return (await (url.startsWith('https') ? httpsRequest(address, tls) : fetch(address))).status
}

/** Stops a service while it has load; returns what the clients got that is neither a token nor a clear refusal. */
async function stopUnderLoad(
  t: Test,
  service: TestService,
  leaves: (outcome: Outcome) => boolean,
): Promise<Outcome[]> {
  const loading = load(service.url, leaves)
  await sleep(500)
  const exited = once(service.process, 'exit')
  service.process.kill('SIGTERM')
  await sleep(100)
  t.equal(await ready(service), 503, 'not ready at once')
  const outcomes = await loading
  const [code] = await exited
  t.equal(code, 0)

  const good = outcomes.filter(({ result }) => result === 200)
  const refused = outcomes.filter(isRefusal)
  const other = outcomes.filter((outcome) => !good.includes(outcome) && !isRefusal(outcome))
  t.comment(`${good.length} tokens, ${refused.length} clear refusals, ${other.length} anything else`)
  t.ok(
    good.some(({ connection }) => connection === 'close'),
    'served on during the delay, and sent away',
  )
  const key = await backend.vault.api('GET', 'transit/keys/padlock-default')
  const publicKeys = [createPublicKey(key.body.data.keys['1'].public_key)]
  for (const { token, userId } of good) {
    const receipt = await acceptToken(token as string, { privateKey: backend.recipientKey, publicKeys })
    if (!receipt.accepted || receipt.claims['https://iadvize.com/userId'] !== userId) {
      t.fail('a wrong token')
    }
  }
  return other
}

const delay = { PADLOCK_DRAIN_DELAY_MS: '1500' }

t.test('SIGTERM under load: tokens or clear refusals, no connection reset, exit code 0', async (t) =>
  t.strictSame(await stopUnderLoad(t, await startService(t, backend, delay), isRefusal), []),
)

t.test('the same under TLS', async (t) => {
  const service = await startService(t, backend, { ...delay, ...tlsEnv }, tls)
  t.strictSame(await stopUnderLoad(t, service, isRefusal), [])
})

t.test(
  'clients that never leave are refused until nobody listens, and on no open connection reset',
  async (t) => {
    const other = await stopUnderLoad(t, await startService(t, backend, delay), isGone)
    // The system resets who has connected and was not accepted when the listening socket closes.
    const inTheMomentOfClosing = ({ result, reused }: Outcome) => result === 'ECONNRESET' && !reused
    t.strictSame(
      other.filter((outcome) => !isGone(outcome) && !inTheMomentOfClosing(outcome)),
      [],
    )
    t.ok(other.filter(inTheMomentOfClosing).length <= 16, 'once for a client at most')
  },
)

t.test(
  'after the delay a request on a kept-alive connection is refused, and the connection ends',
  async (t) => {
    const service = await startService(t, backend)
    const agent = keepAlive(service.url)
    t.teardown(() => agent.destroy())
    t.equal((await issue(service.url, agent, 'visitor-1')).result, 200)
    const exited = once(service.process, 'exit')
    service.process.kill('SIGTERM')
    await sleep(200)
    const refused = await issue(service.url, agent, 'visitor-2')
    t.match(refused, { result: 503, code: 'shutting_down', connection: 'close' })
    t.strictSame(await exited, [0, null])
  },
)

t.test('after the delay whoever connects anew is told, before nobody listens any more', async (t) => {
  const service = await startService(t, backend, { PADLOCK_DRAIN_DELAY_MS: '500' })
  const exited = once(service.process, 'exit')
  service.process.kill('SIGTERM')
  const agent = new http.Agent({ keepAlive: false })
  const outcomes: Outcome[] = []
  while (!outcomes.some(isGone)) {
    outcomes.push(await issue(service.url, agent, 'visitor-1'))
    if (outcomes.filter(isRefusal).length === 1) {
      t.equal(await ready(service), 503)
    }
  }
  const refused = outcomes.filter(({ result }) => result !== 200 && result !== 'ECONNREFUSED')
  t.match(refused[0], { result: 503, code: 'shutting_down', connection: 'close' })
  t.strictSame(await exited, [0, null])
})

t.test(
  'a peer that never reads keeps it no longer than the grace period, exit code 0 all the same',
  async (t) => {
    // So long a deadline that nothing else ends the connection.
    const env = { PADLOCK_GRACE_PERIOD_MS: '8000', PADLOCK_REQUEST_DEADLINE_MS: '30000' }
    const service = await startService(t, backend, env)
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    // Far more than the two ends hold between them.
    socket.write('GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20))
    await once(socket, 'readable')
    const exited = once(service.process, 'exit')
    const start = performance.now()
    service.process.kill('SIGTERM')
    t.strictSame(await exited, [0, null])
    t.ok(performance.now() - start < 8_000)
  },
)

t.test('a connection at rest does not keep the process, and is closed without a reset', async (t) => {
  const service = await startService(t, backend)
  const agent = keepAlive(service.url)
  t.teardown(() => agent.destroy())
  const errors: Error[] = []
  await issue(service.url, agent, 'visitor-1')
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) {
      socket.on('error', (error) => errors.push(error))
    }
  }
  const exited = once(service.process, 'exit')
  service.process.kill('SIGTERM')
  t.strictSame(await exited, [0, null])
  t.strictSame(errors, [])
})

t.test('a second signal ends it at once', async (t) => {
  const service = await startService(t, backend, { PADLOCK_DRAIN_DELAY_MS: '9000' })
  const exited = once(service.process, 'exit')
  service.process.kill('SIGTERM')
  await sleep(100)
  service.process.kill('SIGTERM')
  t.strictSame(await exited, [null, 'SIGTERM'], 'a shell sees 143 (docs/command-line.md)')
})

t.test('the token of Vault is revoked on a clean stop of an AppRole login', async (t) => {
  const { api } = backend.vault
  await api('POST', 'sys/auth/approle', { type: 'approle' })
  await api('POST', 'sys/policies/acl/all', {
    policy: 'path "*" { capabilities = ["read", "list", "update"] }',
  })
  await api('POST', 'auth/approle/role/padlock', { token_policies: 'all', token_period: '1h' })
  const roleId = (await api('GET', 'auth/approle/role/padlock/role-id')).body.data.role_id
  const secretId = (await api('POST', 'auth/approle/role/padlock/secret-id')).body.data.secret_id
  const { PADLOCK_VAULT_AUTH: _auth, VAULT_TOKEN: _token, ...env } = backend.env
  const service = await startService(
    t,
    { ...backend, env },
    { PADLOCK_VAULT_ROLE_ID: roleId, PADLOCK_VAULT_SECRET_ID: secretId },
  )
  const accessors = async () => (await api('LIST', 'auth/token/accessors')).body.data.keys.length
  const before = await accessors()
  service.process.kill('SIGTERM')
  await once(service.process, 'exit')
  t.equal(await accessors(), before - 1)
})
