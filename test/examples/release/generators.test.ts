import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { acceptedClaims } from '../../support/accepted.ts'
import { workspace } from '../harness/workspace.ts'

// Programs that make clients of openapi.json, in an install of their own: one of them wants TypeScript 5.
const space = await workspace(t)
const { service, folder } = space
const document = join(import.meta.dirname, '../../../openapi.json')
await cp(join(import.meta.dirname, 'generators'), folder, { recursive: true })
await space.run(folder, 'npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
const bin = (name: string) => join(folder, 'node_modules/.bin', name)
const jwt = await space.callerJwt()

t.test('@redocly/cli finds nothing', async (t) => {
  const env = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  Object.assign(process.env, env)
  const report = JSON.parse(await space.run(folder, bin('redocly'), 'lint', '--format=json', document))
  t.strictSame(report.totals, { errors: 0, warnings: 0, ignored: 0 })
})

/** What both clients print. */
interface Printed {
  good: { token: string }
}

async function check(t: Test, words: string): Promise<void> {
  const printed = JSON.parse(words) as Printed
  t.match(await acceptedClaims(printed.good.token, service), {
    'https://iadvize.com/userId': 'customer-8714',
    'https://iadvize.com/visitorData': { firstName: 'Jane' },
  })
  t.match(printed, { bad: { code: 'invalid_request', faults: ['user_id_placeholder'] } })
}

t.test('openapi-typescript', async (t) => {
  await space.run(folder, bin('openapi-typescript'), document, '--output', 'openapi.d.ts')
  const strict = ['--noEmit', '--strict', '--module', 'nodenext', '--allowImportingTsExtensions']
  await space.run(folder, bin('tsc'), ...strict, 'client.ts')
  await check(t, await space.run(folder, process.execPath, 'client.ts', service.url, jwt))
})

t.test('openapi-python-client', async (t) => {
  await space.run(folder, 'python3', '-m', 'venv', 'venv')
  const python = join(folder, 'venv/bin/python')
  const install = [
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--require-hashes',
    '--only-binary=:all:',
  ]
  await space.run(folder, python, '-m', 'pip', ...install, '--requirement', 'requirements.txt')
  // It runs ruff, which is beside it.
  process.env.PATH = `${join(folder, 'venv/bin')}:${process.env.PATH}`
  const generate = ['generate', '--path', document, '--meta', 'none', '--output-path', 'padlock_client']
  const words = await space.run(
    folder,
    join(folder, 'venv/bin/openapi-python-client'),
    ...generate,
    '--fail-on-warning',
  )
  t.notMatch(words, /warning/i)
  await check(t, await space.run(folder, python, 'client.py', service.url, jwt))
})

t.test('the types that the Node programs are checked with', async (t) => {
  const cwd = await space.copy('node')
  await space.run(cwd, 'npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
  await space.run(
    cwd,
    join(cwd, 'node_modules/.bin/openapi-typescript'),
    document,
    '--output',
    'openapi.d.ts',
  )
  await t.resolves(space.run(cwd, join(cwd, 'node_modules/.bin/tsc')))
})
