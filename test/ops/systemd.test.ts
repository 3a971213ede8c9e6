import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { ConfigSchema } from '../../src/config/schema.ts'
import { blocksOf } from '../support/readme.ts'

const root = join(import.meta.dirname, '../..')
const unit = await readFile(join(root, 'ops/systemd/padlock.service'), 'utf8')
const folder = await mkdtemp(join(tmpdir(), 'padlock-systemd-'))
t.teardown(() => rm(folder, { recursive: true, force: true }))
const file = join(folder, 'padlock.service')
// Padlock is not installed where the tests run, and systemd looks for the program.
await writeFile(file, unit.replace('/usr/local/bin/padlock', process.execPath))

const analyze = (...args: string[]) => promisify(execFile)('systemd-analyze', ['--no-pager', ...args])

/** The values of a directive, in their order. */
const values = (name: string) =>
  Array.from(unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm')), ([, value]) => value)

t.test('systemd finds nothing wrong with it', async (t) => {
  const { stdout, stderr } = await analyze('verify', '--man=no', file)
  t.equal(stdout + stderr, '')
})

t.test('its exposure is 2.0 or less', async (t) => {
  const { stdout } = await analyze('security', '--offline=true', '--threshold=20', file)
  const exposure = Number(/Overall exposure level for padlock\.service: ([\d.]+)/.exec(stdout)?.[1])
  t.ok(exposure <= 2, String(exposure))
  const page = await readFile(join(root, 'docs/systemd.md'), 'utf8')
  t.match(page, `an exposure of ${exposure.toFixed(1)} `)
})

t.test('secrets are handed over by systemd, and no user of the machine owns the service', async (t) => {
  t.strictSame(values('DynamicUser'), ['yes'])
  t.strictSame(values('ProtectSystem'), ['strict'])
  t.strictSame(values('LoadCredential'), ['role-id:/etc/padlock/role-id', 'secret-id:/etc/padlock/secret-id'])
  t.strictSame(values('MemoryDenyWriteExecute'), [])
  t.strictSame(values('CapabilityBoundingSet'), [''])
})

t.test('the variables of the unit and of its page are those that Padlock reads', async (t) => {
  const install = (await blocksOf(new URL('../../docs/systemd.md', import.meta.url))).get('install')
    ?.text as string
  const credential = (await blocksOf(new URL('../../docs/systemd.md', import.meta.url))).get('credential')
  const text = [unit, install, credential?.text].join('\n')
  const named = Array.from(text.matchAll(/\b((?:PADLOCK|VAULT)_\w+)=/g), ([, name]) => name as string)
  t.ok(named.length >= 8)
  for (const name of named) {
    t.ok(name in ConfigSchema.properties, name)
  }
})

t.test('a stop has more time than Padlock takes at the most', async (t) => {
  const { default: grace } = ConfigSchema.properties.PADLOCK_GRACE_PERIOD_MS as unknown as { default: number }
  t.ok(Number(values('TimeoutStopSec')[0]) * 1_000 > grace)
})
