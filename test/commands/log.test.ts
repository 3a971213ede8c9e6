import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { freePort } from '../../src/dev/free-port.ts'
import { testBackend } from '../support/service.ts'

/** More than a pipe holds (64 KiB), at more than 250 characters a line. */
const requests = 600

t.test('a log that nobody reads keeps no token waiting, and none of its lines is lost', async (t) => {
  const backend = await testBackend(t)
  const port = await freePort(0, '127.0.0.1')
  const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: process.env.PATH, ...backend.env, PADLOCK_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}`
  while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) await sleep(25)
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
      if (answer.status !== 200) t.equal(answer.status, 200)
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
