import type { RequestListener } from 'node:http'
import t from 'tap'
import { createVaultClient } from '../../src/vault/client/client.ts'
import { VaultHealth } from '../../src/vault/health.ts'
import { standIn } from '../support/stand-in.ts'

const quiet = { state: 'closed', vaultIsWell() {} } as never
const clock = { observe() {} } as never

async function stateOf(address: string): Promise<string> {
  const client = createVaultClient({ address })
  const health = new VaultHealth(client, quiet, clock)
  await health.check()
  await client.close()
  return health.details().state
}

const json = (status: number, body: object): RequestListener => {
  return (_request, response) => response.writeHead(status).end(JSON.stringify(body))
}

t.test('a Vault that does not answer is told from something else that does', async (t) => {
  for (const [answer, state] of [
    [json(200, { initialized: true, sealed: false }), 'ok'],
    [json(429, { initialized: true, sealed: false }), 'ok'],
    [json(503, { initialized: true, sealed: true }), 'sealed'],
    [json(501, { initialized: false, sealed: true }), 'uninitialized'],
    [json(404, { errors: [] }), 'unexpected_answer'],
    [json(200, { hello: 'world' }), 'unexpected_answer'],
    [(_request, response) => response.end('<html>'), 'unexpected_answer'],
    [(_request, response) => response.writeHead(502).end('<html>'), 'unexpected_answer'],
    [(_request, response) => response.writeHead(302, { location: '/login' }).end(), 'unexpected_answer'],
    [(request) => request.socket.destroy(), 'unreachable'],
  ] as [RequestListener, string][]) {
    const { url } = await standIn(t, answer)
    t.equal(await stateOf(url), state)
  }
  t.equal(await stateOf('http://127.0.0.1:1'), 'unreachable')
})
