import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { parseDuration } from '../../src/cli/values/duration.ts'
import { momentParser, parseTime } from '../../src/cli/values/moment.ts'
import { runCommandLine } from '../support/terminal.ts'

const dir = t.testdir({ log: '', issuance: '', token: 'x' })
const file = (name: string) => join(dir, name)
const logs = ['--log', file('log'), '--issuance-log', file('issuance'), '--verify-hashes', 'none']
const nobody = { VAULT_ADDR: 'http://127.0.0.1:9', VAULT_TOKEN: 'x', HOME: dir }
await writeFile(file('log'), '{}\n')

/** Times that are none: a day that a month has not, a form that is not RFC 3339's, a time before history. */
const noTimes = [
  ...['2026-02-30', '2026-02-29', '2025-04-31', '2026-13-01', '2026-00-10', '2026-01-00', '2026-01-32'],
  ...['2026-02-30T12:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T12:60:00Z', '2026-01-01T12:00:61Z'],
  ...[
    '2026-01-01T12:00:00',
    '2026-01-01 12:00:00Z',
    '2026-01-01T12Z',
    '2026-01-01T12:00:00+25:00',
    '2026-1-1',
  ],
  ...[
    '2026-01-01T12:00:00+02',
    '20260101',
    '1969-12-31',
    '0001-01-01',
    '-000001-01-01',
    'yesterday',
    '',
    ' ',
  ],
]
/** Durations that are none, or longer than anybody means. */
const noDurations = [
  '99999999d',
  '36501d',
  '999999999999s',
  '999999999h',
  '1.5h',
  '-1h',
  '1w',
  '1 h',
  '1e3',
  '0x10',
  'h',
]

const run = (...args: string[]) => runCommandLine(nobody, args)
const audit = (args: string[]) => run('audit', ...args)
const setup = ['--issuer', 'x', '--recipient-key', file('token'), '--dry-run']

/** Every option that takes a time or a duration. */
const commands: [
  name: string,
  faulty: readonly string[],
  run: (value: string) => Promise<{ exitCode: number }>,
][] = [
  ['--since', [...noTimes, ...noDurations], (value) => audit(['reconcile', `--since=${value}`, ...logs])],
  [
    '--until',
    [...noTimes, ...noDurations],
    (value) => audit(['reconcile', '--since=2026-01-01', `--until=${value}`, ...logs]),
  ],
  ['--grace', noDurations, (value) => audit(['reconcile', '--since=1h', `--grace=${value}`, ...logs])],
  ['--at', noTimes, (value) => run('token', 'inspect', '--token-file', file('token'), `--at=${value}`)],
  ['key --wait', noDurations, (value) => run('key', 'rollback', 'shop', '--yes', `--wait=${value}`)],
  [
    'profile --ttl',
    noDurations,
    (value) => run('profile', 'create', 'shop', '--recipient-key', file('token'), '--yes', `--ttl=${value}`),
  ],
  ...['--ttl', '--token-period', '--secret-id-ttl', '--wrap-ttl'].map((option): (typeof commands)[number] => [
    `setup ${option}`,
    noDurations,
    (value) => run('setup', ...setup, `${option}=${value}`),
  ]),
]

t.test(
  `${commands.reduce((sum, [, faulty]) => sum + faulty.length, 0)} values are refused with exit code 2`,
  async (t) => {
    for (const [name, faulty, run] of commands) {
      for (const value of faulty) {
        t.equal((await run(value)).exitCode, 2, `${name}=${value}`)
      }
    }
  },
)

t.test('an interval without a length, backwards, or in the future is refused by name', async (t) => {
  for (const [since, until] of [
    ['1h', '1h'],
    ['1h', '60m'],
    ['1h', '2h'],
    ['2m', undefined],
    ['0s', undefined],
    ['2026-01-01', '2026-01-01'],
    ['2026-01-01T01:00:00+01:00', '2026-01-01'],
    ['2026-01-02', '2026-01-01'],
    ['2999-01-01', undefined],
    ['2999-01-01', '2999-02-01'],
  ] as const) {
    const outcome = await audit([
      'reconcile',
      '--since',
      since,
      ...(until === undefined ? [] : ['--until', until]),
      ...logs,
    ])
    t.match(outcome, { exitCode: 2, stdout: '', stderr: /--since/ }, `${since} to ${until}`)
  }
})

t.test('what is a time stays one', async (t) => {
  for (const [text, iso] of [
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2026-01-31T12:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00:00.5+02:00', '2026-01-31T10:00:00.500Z'],
    ['2026-01-01T00:30:00+01:00', '2025-12-31T23:30:00.000Z'],
    ['1970-01-01', '1970-01-01T00:00:00.000Z'],
  ] as const) {
    t.equal(new Date(parseTime(text) as number).toISOString(), iso, text)
  }
  t.equal(parseDuration('36500d'), 36_500 * 86_400)
  const moment = momentParser()
  t.equal(moment('1h'), moment('60m'))
  t.throws(() => moment('36500d'), 'before 1970')
})
