import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv, promisify } from 'node:util'
import t from 'tap'
import { writeEnvFile } from '../../dev/env-file.ts'

t.test('a shell and Node read the same from it, in a folder with spaces too', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'padlock env-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'env')
  const values = { PLAIN: 'http://127.0.0.1:3000', PATH_TO_KEY: join(folder, '$HOME & (key).pem') }
  await writeEnvFile(file, { ...values, PID: 7 })
  t.strictSame(parseEnv(await readFile(file, 'utf8')), { ...values, PID: '7' })
  const script = 'set -a; . "$0"; printf "%s|%s|%s" "$PLAIN" "$PATH_TO_KEY" "$PID"'
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-euc', script, file])
  t.equal(stdout, `${values.PLAIN}|${values.PATH_TO_KEY}|7`)
})
