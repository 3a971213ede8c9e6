import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { freePort } from '../dev/free-port.ts'
import { prettyLine } from '../src/pretty-log.ts'
import { startService, type TestBackend, testBackend } from './support/service.ts'
import { until } from './support/wait.ts'

/** More than a pipe holds (64 KiB), at more than 250 characters a line. */
const requests = 600

t.test('a log that nobody reads keeps no token waiting, and none of its lines is lost', async (t) => {
  const backend = await testBackend(t)
  const port = await freePort(0, '127.0.0.1')
  const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
    cwd: join(import.meta.dirname, '..'),
    env: { PATH: process.env.PATH, ...backend.env, PADLOCK_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}`
  while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) {
    await sleep(25)
  }
  const headers = {
    authorization: `Bearer ${await backend.callers.token()}`,
    'content-type': 'application/json',
  }
  for (let i = 0; i < requests; i += 20) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, j) =>
        fetch(`${url}/v1/profiles/default/tokens`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ userId: `u-${i + j}` }),
        }),
      ),
    )
    for (const answer of answers) {
      await answer.arrayBuffer()
      if (answer.status !== 200) {
        t.equal(answer.status, 200)
      }
    }
  }
  child.kill('SIGTERM')
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const [code] = await once(child, 'close')
  t.equal(code, 0)
  const lines = text.trim().split('\n')
  t.equal(lines.filter((line) => JSON.parse(line).auditId !== undefined).length, requests)
})

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

t.test('each line has its time in RFC 3339 and the host', async (t) => {
  const service = await startService(t, await testBackend(t))
  for (const { time, host, level, msg } of service.log) {
    t.match({ time, host, level, msg }, { time: rfc3339, host: hostname(), level: /^(info|warn)$/, msg: /./ })
  }
})

/** What `padlock serve` prints on a terminal until it is ready. */
async function onTerminal(t: Test, backend: TestBackend, env: Record<string, string>): Promise<string> {
  // script(1) gives a program a terminal.
  const command = `env -u NODE_OPTIONS '${process.execPath}' src/main.ts serve`
  const child = spawn('script', ['--quiet', '--return', '--flush', '--command', command, '/dev/null'], {
    cwd: join(import.meta.dirname, '..'),
    env: { PATH: process.env.PATH, TERM: 'xterm', ...backend.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  await until(() => text.includes('profile ready to sign'))
  child.kill('SIGTERM')
  await once(child, 'close')
  return text
}

t.test('on a terminal the lines are for eyes, and in colour unless NO_COLOR is set', async (t) => {
  const backend = await testBackend(t)
  const plain = await onTerminal(t, backend, { NO_COLOR: '1' })
  t.match(plain, /^\d\d:\d\d:\d\d\.\d{3} INFO {2}listening address=http:\/\/127\.0\.0\.1:\d+ pid=\d+ /m)
  t.notMatch(plain, '\u001b')
  t.match(await onTerminal(t, backend, {}), '\u001b[32mINFO \u001b[39m listening ')
})

t.test('a line for eyes', async (t) => {
  const line = JSON.stringify({
    level: 'warn',
    time: '2026-01-31T12:00:00.000Z',
    host: 'h',
    reason: 'a\u001b[2J\u202eb',
    n: 1,
    msg: 'x\u0007y',
  })
  t.equal(prettyLine(line), '12:00:00.000 WARN  x\\u0007y reason="a\\u001b[2J\\u202eb" n=1\n')
})
