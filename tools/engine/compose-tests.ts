import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runTests } from '../test/tap-run.ts'

const root = join(import.meta.dirname, '../..')
const compose = (...args: string[]) => ['compose', '--profile', 'observability', ...args]

/** Builds the images, runs the tests of test/engine on them, and removes both images and whatever is left. */
export async function composeTests(signal: AbortSignal): Promise<void> {
  const start = performance.now()
  try {
    const build = spawn('docker', compose('build', '--quiet'), { cwd: root, signal, stdio: 'inherit' })
    const [code] = await once(build, 'close')
    if (code !== 0) {
      throw new Error(`docker compose build ended with ${code}.`)
    }
    console.log(`Built the images in ${Math.round((performance.now() - start) / 1000)} s.`)
    const figures = join(root, '.tap/engine-figures')
    rmSync(figures, { force: true })
    const run = {
      files: ['test/engine'],
      programs: {},
      options: ['--timeout=300', '--jobs=1'],
      env: { ENGINE_FIGURES: figures },
      summaryFile: '.tap/summary-compose',
    }
    await runTests(run, () => existsSync(figures) && console.log(readFileSync(figures, 'utf8').trimEnd()))
  } finally {
    const docker = (...args: string[]) =>
      promisify(execFile)('docker', args, { cwd: root }).catch((error: Error) => console.error(error.message))
    await docker(...compose('down', '--volumes', '--remove-orphans', '--timeout', '5'))
    await docker('image', 'rm', '--force', 'padlock', 'padlock-development')
  }
}
