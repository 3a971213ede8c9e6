import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

const root = join(import.meta.dirname, '../../..')

t.test(
  'make test-compose without an engine, nor the means to start one, counts as skipped and says why',
  async (t) => {
    const summary = join(root, '.tap/summary-compose')
    t.teardown(() => rm(summary, { force: true }))
    const program = join(root, 'tools/engine/test.ts')
    const env = { ...process.env, PATH: '/nonexistent', DOCKER_HOST: '' }
    const { stdout } = await promisify(execFile)(process.execPath, [program], { env })
    const [reason, closing] = stdout.trimEnd().split('\n')
    t.match(reason, /^skipped the tests on a container engine: a container engine of its own .+\.$/)
    t.equal(closing, '0 passed, 0 failed, 1 skipped')
    t.equal(await readFile(summary, 'utf8'), `${closing}\n`)
  },
)
