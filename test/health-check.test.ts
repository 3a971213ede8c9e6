import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { freePort } from '../dev/free-port.ts'
import { testAuthority } from './support/certificates.ts'
import { startService, testBackend } from './support/service.ts'

const backend = await testBackend(t)
const check = (env: Record<string, string>) =>
  promisify(execFile)(process.execPath, ['src/health-check.ts'], {
    cwd: join(import.meta.dirname, '..'),
    env,
  })

t.test('it passes where Padlock answers, and fails where nothing does, or not in time', async (t) => {
  const service = await startService(t, backend)
  const { port } = new URL(service.url)
  await t.resolves(check({ PADLOCK_PORT: port }))
  await t.rejects(check({ PADLOCK_PORT: String(await freePort(0, '127.0.0.1')) }), { code: 1 })
  service.process.kill('SIGSTOP')
  t.teardown(() => service.process.kill('SIGCONT'))
  await t.rejects(check({ PADLOCK_PORT: port }), { code: 1 })
})

t.test('it needs no certificate where callers do', async (t) => {
  const authority = await testAuthority(backend.vault, 'listener')
  const { certFile, keyFile } = await authority.issue('padlock.test', { ip: '127.0.0.1' })
  const env = {
    PADLOCK_TLS_CERT_FILE: certFile,
    PADLOCK_TLS_KEY_FILE: keyFile,
    PADLOCK_TLS_CLIENT_CA_FILE: authority.caFile,
  }
  const pair = { cert: await readFile(certFile), key: await readFile(keyFile) }
  const service = await startService(t, backend, env, { ca: authority.caPem, ...pair })
  const { port } = new URL(service.url)
  await t.resolves(check({ ...env, PADLOCK_PORT: port }))
  await t.rejects(check({ PADLOCK_PORT: port }), { code: 1 }, 'plain HTTP is not answered')
  service.process.kill('SIGSTOP')
  t.teardown(() => service.process.kill('SIGCONT'))
  await t.rejects(check({ ...env, PADLOCK_PORT: port }), { code: 1 })
})
