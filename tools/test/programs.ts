import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { findOnPath } from '../../src/dev/executable.ts'

/** Programs that the tests run for real, and the Debian packages that bring them. */
const programs: Readonly<Record<string, string>> = { chromium: 'chromium', 'redis-server': 'redis-server' }

async function missing(): Promise<string[]> {
  const names = Object.keys(programs)
  const found = await Promise.all(names.map((name) => findOnPath(name, process.env)))
  return names.filter((_name, i) => found[i] === undefined)
}

async function aptGet(...args: string[]): Promise<void> {
  const child = spawn('apt-get', ['-qq', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`apt-get ${args.join(' ')} ended with ${code}: see its message above.`)
}

/**
 * Sees to it that the programs which the tests run are there: on Debian, as root, it installs what is missing.
 *
 * @param log receives one line for each thing done
 * @throws Error with one sentence that says what to install
 */
export async function ensurePrograms(log: (line: string) => void): Promise<void> {
  const names = await missing()
  if (names.length === 0) return
  const packages = names.map((name) => programs[name] as string)
  if (process.getuid?.() !== 0 || (await findOnPath('apt-get', process.env)) === undefined) {
    throw new Error(
      `The tests need ${names.join(', ')} on PATH: install it, then try again (Debian: apt-get install ${packages.join(' ')}).`,
    )
  }
  log(`Installing what the tests need from Debian's packages: ${packages.join(', ')}.`)
  await aptGet('update')
  await aptGet('install', '-y', '--no-install-recommends', ...packages)
}
