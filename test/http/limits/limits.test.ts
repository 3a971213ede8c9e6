import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { freePort } from '../../../dev/free-port.ts'
import { startRedis } from '../../support/redis.ts'
import { startService, type TestService, testBackend } from '../../support/service.ts'
import { until } from '../../support/wait.ts'

const backend = await testBackend(t)

/** The statuses of some requests at once. */
async function statuses(service: TestService, count: number, headers: Record<string, string> = {}) {
  const answers = await Promise.all(
    Array.from({ length: count }, (_v, i) => service.issue({ userId: `u-${i}` }, { headers })),
  )
  return answers.map(({ status }) => status)
}

const many = (list: readonly number[], status: number) => list.filter((one) => one === status).length
const bearer = async (sub: string) => ({ authorization: `Bearer ${await backend.callers.token({ sub })}` })

t.test('a caller has so many requests a second, and another caller its own', async (t) => {
  const service = await startService(t, backend, { PADLOCK_RATE_LIMIT_PER_SECOND: '5' })
  const alice = await bearer('alice')
  const list = await statuses(service, 40, alice)
  t.ok(many(list, 200) >= 5, 'as many as the limit')
  t.ok(many(list, 429) > 0, 'and no more')
  t.equal(many(list, 200) + many(list, 429), 40)
  const answer = await service.issue({ userId: 'u-1' }, { headers: await bearer('bob') })
  t.equal(answer.status, 200, 'another caller is not kept waiting')
  let refused = await service.issue({ userId: 'u-1' }, { headers: alice })
  for (let i = 0; refused.status === 200 && i < 50; i++) {
    refused = await service.issue({ userId: 'u-1' }, { headers: alice })
  }
  t.match(await refused.json(), { code: 'rate_limited', status: 429 })
  t.equal(refused.headers.get('retry-after'), '1')
  await sleep(1_100)
  t.equal(
    (await service.issue({ userId: 'u-1' }, { headers: alice })).status,
    200,
    'after the second it goes on',
  )
})

t.test('refusals to an address are limited, and never a request whose token is good', async (t) => {
  const service = await startService(t, backend, { PADLOCK_REFUSALS_PER_MINUTE: '10' })
  const bad = { authorization: 'Bearer a.b.c' }
  t.strictSame(await statuses(service, 10, bad), Array(10).fill(401))
  const limited = await service.issue({ userId: 'u-1' }, { headers: bad })
  t.equal(limited.status, 429)
  t.match(await limited.json(), { code: 'rate_limited' })
  const seconds = Number(limited.headers.get('retry-after'))
  t.ok(seconds > 1 && seconds <= 60, 'it says when the minute is over')
  t.equal((await fetch(`${service.url}/nothing`)).status, 429, '404s are counted with them')
  t.strictSame(await statuses(service, 20), Array(20).fill(200), 'good tokens from the same address')
  t.equal((await fetch(`${service.url}/health/live`)).status, 200)
})

t.test('an address is what the connection says, or what a trusted proxy says', async (t) => {
  const from = (address: string) => ({ authorization: 'Bearer a.b.c', 'x-forwarded-for': address })
  const alone = await startService(t, backend, { PADLOCK_REFUSALS_PER_MINUTE: '2' })
  await statuses(alone, 2, from('192.0.2.1'))
  t.strictSame(await statuses(alone, 1, from('192.0.2.2')), [429], 'a header of the caller is not believed')
  const behind = await startService(t, backend, {
    PADLOCK_REFUSALS_PER_MINUTE: '2',
    PADLOCK_TRUST_PROXY: '127.0.0.0/8',
  })
  await statuses(behind, 2, from('192.0.2.1'))
  t.strictSame(await statuses(behind, 1, from('192.0.2.1')), [429])
  t.strictSame(await statuses(behind, 1, from('192.0.2.2')), [401])
})

t.test('two instances count together in a real Redis, and by themselves while it is away', async (t) => {
  const port = await freePort(0, '127.0.0.1')
  const redis = await startRedis(t, port)
  const env = { PADLOCK_RATE_LIMIT_PER_SECOND: '20', PADLOCK_REDIS_URL: `redis://127.0.0.1:${port}` }
  const one = await startService(t, backend, env)
  const two = await startService(t, backend, env)
  const up = async (service: TestService) =>
    /padlock_rate_limit_redis_up (\d)/.exec(await (await fetch(`${service.url}/metrics`)).text())?.[1]
  const beginOfSecond = () => sleep(1_050)

  const wentAlone = () =>
    [one, two].flatMap(({ log }) => log).filter(({ msg }) => /^Redis does not serve/.test(msg)).length
  const isUp = async (service: TestService) => {
    await statuses(service, 1)
    return (await up(service)) === '1'
  }
  let together: number[] = []
  let most = 0
  // Not where Redis was late on a busy machine: then each counted by itself.
  await until(async () => {
    const before = wentAlone()
    await beginOfSecond()
    const start = performance.now()
    together = (await Promise.all([statuses(one, 60), statuses(two, 60)])).flat()
    // A window begins with its first request.
    most = 20 * Math.ceil((performance.now() - start) / 1_000)
    return (await isUp(one)) && (await isUp(two)) && wentAlone() === before
  })
  t.ok(many(together, 200) >= 20 && many(together, 200) <= most, 'one limit for both')
  t.equal(many(together, 200) + many(together, 429), 120, 'tokens or a clear refusal, nothing else')

  redis.kill('SIGKILL')
  await once(redis, 'exit')
  await beginOfSecond()
  const apart = await Promise.all([statuses(one, 80), statuses(two, 80)])
  for (const list of apart) {
    t.equal(many(list, 200) + many(list, 429), 80, 'tokens or a clear refusal, nothing else')
    t.ok(many(list, 200) >= 20 && many(list, 429) > 0, 'the limit for each')
  }
  t.strictSame([await up(one), await up(two)], ['0', '0'])
  await one.logged({ msg: 'Redis does not serve: each instance limits callers by itself' })

  await startRedis(t, port)
  await until(() => isUp(one))
  t.equal(await up(one), '1', 'it is used again by itself')
  t.notMatch(JSON.stringify(one.log), /shop-backend:|redis:\/\//)
})
