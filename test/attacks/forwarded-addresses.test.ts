import { spawnSync } from 'node:child_process'
import t from 'tap'
import { configProblems, goodEnv } from '../support/config.ts'
import { startService, type TestService, testBackend } from '../support/service.ts'

/** Lists of proxies that cannot be used, by what is said of them. */
const lists: Readonly<Record<string, readonly string[]>> = {
  'PADLOCK_TRUST_PROXY must not trust every address (a range of /0): each caller could then name any address as its own':
    ['0.0.0.0/0', '::/0', '10.0.0.0/0', '10.0.0.0/00', '10.0.0.1, ::/0', '::ffff:0:0/0', '0.0.0.0/0,::/0'],
  'PADLOCK_TRUST_PROXY must be addresses or CIDRs with commas between them': [
    'true',
    '1',
    'loopback',
    '*',
    ',',
    '10.0.0.1,',
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.0/-1',
    '10.0.0.0/+8',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '/8',
    '10.0.0.0/255.0.0.0',
    '10.0.0.1:80',
    '[::1]',
    '010.0.0.1',
    '10.1',
    'fe80::1%!',
    '10.0.0.1 10.0.0.2',
  ],
}
const usable = ['10.0.0.0/8', '10.0.0.1/32', '::1', 'fe80::1%eth0', '::ffff:10.0.0.1', '::ffff:10.0.0.0/104']

t.test('a list of proxies that cannot be used is a fault of the configuration, by its name', async (t) => {
  for (const [problem, values] of Object.entries(lists)) {
    for (const value of values) {
      t.strictSame(
        configProblems({ ...goodEnv, PADLOCK_TRUST_PROXY: value }),
        [problem],
        JSON.stringify(value),
      )
    }
  }
  t.match(
    configProblems({ ...goodEnv, PADLOCK_TRUST_PROXY: '10.0.0.0/8\u0000' }),
    [/^PADLOCK_TRUST_PROXY holds /],
    'a control character',
  )
  t.strictSame(configProblems({ ...goodEnv, PADLOCK_TRUST_PROXY: ' ' }), [], 'white space alone is no value')
  for (const value of usable) {
    t.strictSame(configProblems({ ...goodEnv, PADLOCK_TRUST_PROXY: value }), [], value)
  }
  const args = ['src/main.ts', 'serve']
  const env = { PATH: process.env.PATH, ...goodEnv, PADLOCK_TRUST_PROXY: '0.0.0.0/0' } as NodeJS.ProcessEnv
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  t.equal(status, 2)
  t.match(stdout + stderr, 'PADLOCK_TRUST_PROXY must not trust every address')
  t.notMatch(stdout + stderr, /\.ts:\d+|fault of padlock/, 'no stack, and no fault of its own')
})

/** Values of X-Forwarded-For that name one caller, each list another one; the last proxy's is the last. */
const callers: readonly (readonly string[])[] = [
  ['192.0.2.7', '192.0.2.7:4711', '::ffff:192.0.2.7', '[::ffff:c000:207]:1', ' 192.0.2.7 ', 'x, 192.0.2.7:9'],
  ['2001:db8:1:2::1', '[2001:db8:1:2::2]', '[2001:db8:1:2::3]:443', '203.0.113.9, 2001:DB8:1:2:0::4'],
  ['unknown', '_hidden', 'shop.example', '0x7f.1', '[', 'a'.repeat(5_000), '192.0.2.7, unknown'],
  [
    '198.51.100.1, 127.0.0.1:3333',
    '198.51.100.1:5, [::ffff:127.0.0.1]:1',
    '198.51.100.1, 127.0.0.1, 127.0.0.2:1',
  ],
]

t.test('one caller has one count, however its proxies write its address', async (t) => {
  const backend = await testBackend(t)
  const statusFrom = async (service: TestService, address: string) => {
    const headers = { authorization: 'Bearer a.b.c', 'x-forwarded-for': address }
    return (await service.issue({ userId: 'u-1' }, { headers })).status
  }
  const service = await startService(t, backend, {
    PADLOCK_REFUSALS_PER_MINUTE: '1',
    PADLOCK_TRUST_PROXY: '127.0.0.0/8',
  })
  for (const values of callers) {
    for (const [i, value] of values.entries()) {
      t.equal(await statusFrom(service, value), i === 0 ? 401 : 429, JSON.stringify(value.slice(0, 60)))
    }
  }
})
