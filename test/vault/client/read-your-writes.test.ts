import t, { type Test } from 'tap'
import { createVaultClient } from '../../../src/vault/client/client.ts'
import { ReadYourWrites } from '../../../src/vault/client/read-your-writes.ts'
import { standIn } from '../../support/stand-in.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const bao = (value: number, cluster = 'c1') => base64(JSON.stringify({ cluster, value: String(value) }))
const vault = (local: number, replicated: number) => base64(`v1:c1:${local}:${replicated}:abcdef`)

/** A client whose calls get these answers, and the X-Vault-Index and X-Vault-Inconsistent that each call sent. */
async function clientWith(
  t: Test,
  answers: { status?: number; index?: string | undefined; body?: object }[],
) {
  const left = answers.values()
  const server = await standIn(t, (_request, response) => {
    const { status = 200, index, body = {} } = left.next().value ?? {}
    if (index !== undefined) {
      response.setHeader('X-Vault-Index', index)
    }
    response.writeHead(status).end(JSON.stringify(body))
  })
  const client = createVaultClient({ address: server.url }, undefined, new ReadYourWrites())
  t.teardown(() => client.close())
  const sent = () =>
    server.requests.map(({ headers }) => [headers['x-vault-index'], headers['x-vault-inconsistent']])
  return { client, sent }
}

const none = [undefined, undefined]
const upToDate = (index: string) => [index, 'forward-active-node']

// What the answers of calls carry, `r` of a read and `w` of a write, and what the call after them sends.
const sequences: [string, [('r' | 'w'), string | undefined][], string | undefined][] = [
  ['a server that gives no state', [['w', undefined], ['r', undefined]], undefined],
  ['a read gives the first', [['r', bao(4)]], bao(4)],
  ['a write gives a newer one', [['r', bao(4)], ['w', bao(9)]], bao(9)],
  ['a node that is behind answers a read', [['w', bao(9)], ['r', bao(4)]], bao(9)],
  ['ten is more than nine', [['w', bao(9)], ['r', bao(10)]], bao(10)],
  ['answers of two writes in another order', [['w', bao(10)], ['w', bao(9)]], bao(10)],
  ['an answer without one', [['w', bao(9)], ['r', undefined]], bao(9)],
  ['a write in another cluster', [['w', bao(9)], ['w', bao(2, 'c2')]], bao(2, 'c2')],
  ['a read in another cluster', [['w', bao(9)], ['r', bao(99, 'c2')]], bao(9)],
  ['of Vault Enterprise', [['w', vault(3, 7)], ['r', vault(3, 6)], ['r', vault(3, 8)]], vault(3, 8)],
  ['a standby of it that knows less of one', [['w', vault(3, 7)], ['r', vault(2, 8)]], vault(3, 7)],
  ['a form that is not known, of a write', [['w', bao(9)], ['w', 'odd']], 'odd'],
  ['a form that is not known, of a read', [['w', bao(9)], ['r', 'odd']], bao(9)],
  ['one that is too long', [['w', 'x'.repeat(2_000)]], undefined],
] // biome-ignore format: a table
t.test('the newest state that the server gave goes with the next call', async (t) => {
  for (const [name, calls, next] of sequences) {
    const { client, sent } = await clientWith(
      t,
      calls.map(([, index]) => ({ index })),
    )
    for (const [kind] of calls) {
      await (kind === 'r' ? client.read('x/y') : client.write('x/y', {}))
    }
    await client.list('x/y')
    t.strictSame(sent()[0], none, `${name}: nothing before the server has given one`)
    t.strictSame(sent().at(-1), next === undefined ? none : upToDate(next), name)
  }
})

t.test('a call that a node refused because it is behind is sent again, a write too', async (t) => {
  for (const refusal of [
    { status: 429, body: { errors: [] } },
    { status: 412, body: { errors: ['required index state not present'] } },
    { status: 412 },
    { status: 400, body: { errors: ['Upgrading from non-versioned to versioned data. This backend …'] } },
    {
      status: 400,
      body: { errors: ['Waiting for the primary to upgrade from non-versioned to versioned data.'] },
    },
  ]) {
    const { client, sent } = await clientWith(t, [{ index: bao(1) }, refusal, refusal, { body: { data: 1 } }])
    await client.write('x/y', {})
    t.same(await client.write('x/z', {}), { data: 1 })
    t.equal(sent().length, 4)
  }
})

t.test('other refusals are not, nor a node that stays behind without end', async (t) => {
  for (const [status, body, code] of [
    [429, { errors: ['rate limit quota exceeded'] }, 'vault_throttled'],
    [429, undefined, 'vault_throttled'],
    [400, { errors: ['invalid request'] }, 'internal_error'],
    [473, { errors: [] }, 'vault_unavailable'],
  ] as const) {
    const { client, sent } = await clientWith(t, [{ index: bao(1) }, { status, ...(body && { body }) }])
    await client.write('x/y', {})
    await t.rejects(client.write('x/y', {}), { code })
    t.equal(sent().length, 2)
  }
  const behind = Array.from({ length: 40 }, () => ({ status: 429, body: { errors: [] } }))
  const { client, sent } = await clientWith(t, behind)
  await t.rejects(client.write('x/y', {}), { code: 'vault_unavailable', vaultStatus: 429 })
  t.ok(sent().length <= 20)
})

t.test('the service sends none of it: standbys that sign keep tokens coming', async (t) => {
  const server = await standIn(t, (_request, response) =>
    response.setHeader('X-Vault-Index', bao(1)).end('{}'),
  )
  const client = createVaultClient({ address: server.url })
  t.teardown(() => client.close())
  await client.write('x/y', {})
  await client.write('x/y', {})
  t.equal(server.requests[1]?.headers['x-vault-index'], undefined)
  t.equal(server.requests[1]?.headers['x-vault-inconsistent'], undefined)
})
