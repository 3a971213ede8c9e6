import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { acceptedClaims } from '../support/accepted.ts'
import { block } from '../support/readme.ts'
import { testService } from '../support/service.ts'

const run = promisify(execFile)

t.test('the call with curl, and its answer', async (t) => {
  const service = await testService(t)
  const cwd = await mkdtemp(join(tmpdir(), 'padlock-readme-'))
  t.teardown(() => rm(cwd, { recursive: true, force: true }))
  await mkdir(join(cwd, '.dev'))
  const env = { PADLOCK_URL: service.url, PADLOCK_DEV_CALLER_TOKEN: await service.callers.token() }
  await writeFile(
    join(cwd, '.dev/env'),
    Object.entries(env)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  const { stdout } = await run('bash', ['--norc', '-eu', '-c', await block('ask')], { cwd })
  const issued = JSON.parse(stdout)
  const claims = await acceptedClaims(issued.token, service)
  t.match(claims, {
    'https://iadvize.com/userId': 'customer-8714',
    'https://iadvize.com/visitorData': { firstName: 'Jane', city: 'Nantes' },
  })

  const shown = JSON.parse(await block('answer'))
  t.strictSame(Object.keys(shown).sort(), Object.keys(issued).sort())
  const [header] = shown.token.split('.')
  t.equal(header, issued.token.split('.')[0], 'the header of the token')
  for (const name of ['expiresIn', 'keyVersion']) {
    t.equal(shown[name], issued[name], name)
  }
  for (const name of ['issuedAt', 'expiresAt']) {
    t.match(issued[name], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    t.match(shown[name], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  }
  t.equal(Date.parse(shown.expiresAt) - Date.parse(shown.issuedAt), 60_000)
  t.equal(shown.auditId.length, issued.auditId.length)
})

t.test('the two commands are those that .ci/run and the tests of `make run` use', async (t) => {
  t.equal(await block('two-commands'), 'make run\nmake test\n')
  t.match(await readFile(new URL('../../.ci/run', import.meta.url), 'utf8'), 'make test')
})

t.test('with Docker, three lines lead to the same call', async (t) => {
  const cwd = await mkdtemp(join(tmpdir(), 'padlock-readme-'))
  t.teardown(() => rm(cwd, { recursive: true, force: true }))
  // The engine itself is tried by `make test-compose`.
  const docker = 'docker() { echo "docker $*"; if [ "$2" = cp ]; then echo a-jwt > "$4"; fi; }'
  const script = `${docker}\n${await block('docker')}`
  const { stdout } = await run('bash', ['--norc', '-euc', script], { cwd })
  t.match(
    stdout,
    /^docker compose up --build .*\ndocker compose cp .*:\/run\/handover\/caller\.jwt caller\.jwt\n$/,
  )
  t.equal(
    await readFile(join(cwd, '.dev/env'), 'utf8'),
    'PADLOCK_URL=http://127.0.0.1:3000\nPADLOCK_DEV_CALLER_TOKEN=a-jwt\n',
  )
})
