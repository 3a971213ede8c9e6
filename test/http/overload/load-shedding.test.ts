import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { answerOf } from '../../support/problem.ts'
import { nextAnswer, rawPost, sendRaw } from '../../support/raw-http.ts'
import { startService, testBackend } from '../../support/service.ts'
import { vaultStandIn } from '../../support/vault-stand-in.ts'

const backend = await testBackend(t)
const authorization = `Authorization: Bearer ${await backend.callers.token()}`
const json = 'Content-Type: application/json'
const body = '{"userId":"u-1"}'
const good = [authorization, json, `Content-Length: ${body.length}`]

t.test('a flood is refused at the door: whoever asks, before it is looked at', async (t) => {
  const standIn = await vaultStandIn(t, backend.vault.address)
  const service = await startService(t, backend, {
    VAULT_ADDR: standIn.address,
    PADLOCK_REQUEST_DEADLINE_MS: '60000',
    PADLOCK_SIGN_IN_FLIGHT: '1',
    PADLOCK_SIGN_QUEUE_MAX: '1',
  })
  const held = standIn.holdSigning()
  const first = service.issue({ userId: 'in flight' })
  await held.reached
  const second = service.issue({ userId: 'waits' })
  let answer = await answerOf(await service.issue({ userId: 'waits or is refused' }))
  while (answer.status !== 503) {
    answer = await answerOf(await service.issue({ userId: 'more' }))
  }
  t.match(JSON.parse(answer.body), { code: 'overloaded', requestId: /^[0-9a-f-]{36}$/ })
  t.equal(answer.headers.get('cache-control'), 'no-store')

  const nobody = await answerOf(
    await service.issue({ userId: 'u-1' }, { headers: { authorization: 'Bearer x' } }),
  )
  t.equal(nobody.status, 503, 'its JWT is not looked at')
  const unread = await answerOf(await service.issue('{'))
  t.equal(unread.status, 503, 'nor its body')
  t.equal((await service.issue({ userId: 'u-1' }, { profile: 'no-such' })).status, 404)
  for (const path of ['/health/live', '/health/ready', '/metrics', '/v1/profiles/default/jwks.json']) {
    t.equal((await fetch(service.url + path)).status, 200, path)
  }

  const three = await sendRaw(
    service.url,
    Array(3)
      .fill([rawPost(good, body), nextAnswer])
      .flat(),
    3,
  )
  t.strictSame(
    three.map(({ status, headers }) => [status, headers.get('retry-after')]),
    Array(3).fill([503, '1']),
    'the connection goes on',
  )
  held.release()
  t.equal((await first).status, 200)
  t.equal((await second).status, 200)
  t.equal((await service.issue({ userId: 'u-1' })).status, 200, 'there is room again')

  const line = await service.logged({ code: 'overloaded' })
  t.ok(line.refused > 0, 'one line tells of many')
  t.notMatch(JSON.stringify(service.log), /u-1|waits/)
  const metrics = await (await fetch(`${service.url}/metrics`)).text()
  t.ok(Number(/^padlock_requests_total{code="overloaded"} (\d+)/m.exec(metrics)?.[1]) >= 6)
})

t.test('the more are refused, the later they are told to come back, up to 15 seconds', async (t) => {
  const standIn = await vaultStandIn(t, backend.vault.address)
  standIn.answer = async (call) => {
    await sleep(call.path.startsWith('transit/sign/') ? 50 : 0)
    return call.forward()
  }
  const service = await startService(t, backend, {
    VAULT_ADDR: standIn.address,
    PADLOCK_REQUEST_DEADLINE_MS: '60000',
    PADLOCK_SIGN_IN_FLIGHT: '1',
    PADLOCK_SIGN_BATCH_MAX: '1',
    PADLOCK_SIGN_QUEUE_MAX: '4',
  })
  const told: number[] = []
  // Each asks until it has its token: Vault makes 20 in a second at the most, so that many are refused meanwhile.
  const callers = Array.from({ length: 40 }, async (_, i) => {
    for (;;) {
      const { status, headers } = await answerOf(await service.issue({ userId: `visitor-${i}` }))
      if (status === 200) {
        return
      }
      told.push(Number(headers.get('retry-after')))
    }
  })
  await Promise.all(callers)
  t.equal(told[0], 1)
  t.equal(Math.max(...told), 15)
})

const somaxconn = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))

t.test(
  'as many may wait to be taken as the system allows, not the 511 that Node asks for',
  { skip: somaxconn < 1_000 && `net.core.somaxconn is ${somaxconn}` },
  async (t) => {
    const service = await startService(t, backend)
    const { hostname, port } = new URL(service.url)
    service.process.kill('SIGSTOP')
    // A connection for which there is no room is tried again a second later, and again for as long as there is none.
    const connected = Array.from({ length: 800 }, async () => {
      const socket = connect({ host: hostname, port: Number(port), signal: AbortSignal.timeout(20_000) })
      t.teardown(() => socket.destroy())
      await once(socket, 'connect')
    })
    const states = await Promise.allSettled(connected)
    service.process.kill('SIGCONT')
    t.equal(states.filter(({ status }) => status === 'fulfilled').length, 800)
    t.equal((await service.issue({ userId: 'u-1' })).status, 200)
  },
)

t.test('a process that stood still answers all that has come meanwhile, and is well again', async (t) => {
  const service = await startService(t, backend)
  service.process.kill('SIGSTOP')
  const meanwhile = Array.from({ length: 100 }, (_, i) => service.issue({ userId: `visitor-${i}` }))
  // More than the share of the deadline that the event loop may be late by.
  await sleep(1_000)
  service.process.kill('SIGCONT')
  for (const answer of await Promise.all(meanwhile)) {
    if (answer.status !== 200) {
      t.match(await answer.json(), { code: 'overloaded' })
    }
  }
  while ((await service.issue({ userId: 'u-1' })).status !== 200) {
    await new Promise(setImmediate)
  }
})
