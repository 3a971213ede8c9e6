import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { freePort } from '../../dev/free-port.ts'
import { redisCommand, startRedis } from '../support/redis.ts'
import { firstOfWindow, redisStandIn } from '../support/redis-stand-in.ts'
import { startService, type TestService, testBackend } from '../support/service.ts'
import { until } from '../support/wait.ts'

/** What Redis may answer to a count, byte by byte; none of it is a count with its time to live. */
const answers: Readonly<Record<string, string | Buffer>> = {
  nil: '$-1\r\n',
  'a nil list': '*-1\r\n',
  'nil as in RESP3': '_\r\n',
  'an error': '-ERR no\r\n',
  'an error of many words': `-${'WRONG '.repeat(1_000)}\r\n`,
  'no script': '-NOSCRIPT No matching script.\r\n',
  'still loading': '-LOADING Redis is loading the dataset in memory\r\n',
  'a text': '+OK\r\n',
  'an empty text': '$0\r\n\r\n',
  'a number': ':1\r\n',
  'an empty list': '*0\r\n',
  'one number': '*1\r\n:1\r\n',
  'three numbers': '*3\r\n:1\r\n:1000\r\n:1\r\n',
  'two nils': '*2\r\n$-1\r\n$-1\r\n',
  'two texts': '*2\r\n$1\r\n1\r\n$4\r\n1000\r\n',
  'a list in the list': '*2\r\n*1\r\n:1\r\n:1000\r\n',
  'an error in the list': '*2\r\n-ERR no\r\n:1000\r\n',
  'a count without a time to live': '*2\r\n:1000000\r\n:-1\r\n',
  'a count whose key is gone': '*2\r\n:1000000\r\n:-2\r\n',
  'a time to live of days': '*2\r\n:1000000\r\n:259200000\r\n',
  'a time to live above the window': '*2\r\n:1000000\r\n:1001\r\n',
  'a negative count': '*2\r\n:-1000000\r\n:1000\r\n',
  'a count of 0': '*2\r\n:0\r\n:1000\r\n',
  'a count that cannot be': '*2\r\n:9223372036854775807\r\n:1000\r\n',
  infinity: '*2\r\n,inf\r\n,nan\r\n',
  'a fraction': '*2\r\n,1.5\r\n:1000\r\n',
  'a map': '%1\r\n+count\r\n:1\r\n',
  'a set': '~1\r\n:1000000\r\n',
  'a push message': '>2\r\n+message\r\n:1\r\n',
  'an empty push message': '>1\r\n_\r\n',
  'a push of a subscription': '>3\r\n$9\r\nsubscribe\r\n_\r\n:1\r\n',
  'an end of a subscription': '>3\r\n$11\r\nunsubscribe\r\n$1\r\nx\r\n:0\r\n',
  'no RESP at all': 'HTTP/1.1 400 Bad Request\r\n\r\n',
  zeros: Buffer.alloc(100),
  'all bytes': Buffer.from(Array.from({ length: 256 }, (_v, i) => i)),
  nothing: '',
  'half an answer': '*2\r\n:1\r\n',
  'a text of 2 GiB that never comes': '$2147483647\r\nx',
  'a list of four thousand million': '*4294967295\r\n:1\r\n',
  'two megabytes of a text': Buffer.concat([Buffer.from('$9999999\r\n'), Buffer.alloc(2_000_000, 'x')]),
  'deep lists': `${'*1\r\n'.repeat(20_000)}:1\r\n`,
  'nil, and nil that nothing asked for': '$-1\r\n$-1\r\n',
  'a good count, and nil that nothing asked for': `${firstOfWindow}$-1\r\n_\r\n`,
  'a thousand good counts': firstOfWindow.repeat(1_000),
  'a broken connection': 'reset',
}

/** Milliseconds after which Redis is asked again, and a little more. */
const pauseMs = 1_100
const backend = await testBackend(t)
const isUp = async ({ url }: TestService) =>
  /padlock_rate_limit_redis_up (\d)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1] === '1'
const lanes = [0, 1, 2]
const beginsWell = new Set(['a good count, and nil that nothing asked for', 'a thousand good counts'])

/** Gives one service some of the answers, one after another. */
async function checkAnswers(t: Test, names: readonly string[]): Promise<void> {
  const redis = await redisStandIn(t)
  const service = await startService(t, backend, { ...limit(50), PADLOCK_REDIS_URL: redis.url })
  const status = async () => (await service.issue({ userId: 'u-1' })).status
  await until(async () => (await status()) === 200 && redis.asked > 0)
  t.ok(await isUp(service), 'a count with its time to live is one')
  const from = service.log.length
  for (const name of names) {
    redis.answer = answers[name] as string
    const before = redis.asked
    // It may be the connection that the last answer broke that has to be made again first.
    while (redis.asked === before) {
      await sleep(pauseMs)
      t.equal(await status(), 200, name)
    }
    t.equal(await status(), 200, `${name}: and the next request`)
    t.equal(service.process.exitCode, null, `${name}: the process goes on`)
    if (!beginsWell.has(name)) {
      t.notOk(await isUp(service), `${name}: Redis counts as failing`)
    }
  }
  const lines = service.log.slice(from).filter(({ msg }) => /Redis/.test(msg))
  t.ok(lines.length <= 4, `${lines.length} lines for ${names.length} answers`)
  t.ok(lines.some(({ msg }) => msg === 'Redis does not serve: each instance limits callers by itself'))
  redis.answer = firstOfWindow
  await until(async () => {
    await sleep(100)
    t.equal(await status(), 200)
    return isUp(service)
  })
  t.pass('it is used again by itself')
}

t.test('an odd answer from Redis ends no process, locks nobody out, and the memory takes over', async (t) => {
  const names = Object.keys(answers)
  await Promise.all(
    lanes.map((lane) =>
      checkAnswers(
        t,
        names.filter((_name, i) => i % lanes.length === lane),
      ),
    ),
  )
  t.comment(`${names.length} answers of Redis`)
})

t.test('what Redis sends before it is asked ends no process either', async (t) => {
  for (const greeting of [
    '$-1\r\n',
    '_\r\n',
    '+OK\r\n',
    '>1\r\n_\r\n',
    '-ERR max number of clients\r\n',
    'x',
  ]) {
    const redis = await redisStandIn(t)
    redis.greeting = greeting
    const service = await startService(t, backend, { ...limit(50), PADLOCK_REDIS_URL: redis.url })
    t.equal((await service.issue({ userId: 'u-1' })).status, 200, JSON.stringify(greeting))
    await sleep(300)
    t.equal(service.process.exitCode, null)
    service.process.kill('SIGTERM')
  }
})

t.test('the limit holds in memory while the answers are odd', async (t) => {
  const redis = await redisStandIn(t)
  redis.answer = '*2\r\n:-1000000\r\n:1000\r\n'
  const service = await startService(t, backend, { ...limit(5), PADLOCK_REDIS_URL: redis.url })
  const all = await Promise.all(Array.from({ length: 40 }, () => service.issue({ userId: 'u-1' })))
  t.ok(all.some(({ status }) => status === 429))
})

t.test('in a real Redis, the keys have plain names, and one without an end gets one', async (t) => {
  const port = await freePort(0, '127.0.0.1')
  await startRedis(t, port)
  const service = await startService(t, backend, {
    ...limit(5),
    PADLOCK_REDIS_URL: `redis://127.0.0.1:${port}`,
  })
  await until(async () => {
    await service.issue({ userId: 'u-1' })
    return (await redisCommand(port, 'KEYS', '*')).includes('padlock-caller-')
  })
  const key = /padlock-caller-\S+/.exec(await redisCommand(port, 'KEYS', '*'))?.[0] as string
  t.match(key, /^padlock-caller-[\w-]{43}$/)
  await redisCommand(port, 'SET', key, '1000000')
  t.equal((await service.issue({ userId: 'u-1' })).status, 200, 'the memory takes over')
  await until(async () => (await redisCommand(port, 'EXISTS', key)).startsWith(':0'))
  await sleep(pauseMs)
  await redisCommand(port, 'SET', key, 'no number')
  t.equal((await service.issue({ userId: 'u-1' })).status, 200, 'a key that holds something else')
})

function limit(perSecond: number) {
  return { PADLOCK_RATE_LIMIT_PER_SECOND: String(perSecond) }
}
