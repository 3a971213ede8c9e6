import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { findOnPath } from '../src/dev/executable.ts'

async function aptGet(...args: string[]): Promise<void> {
  const child = spawn('apt-get', ['-qq', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`apt-get ${args.join(' ')} ended with ${code}: see its message above.`)
}

/**
 * Sees to it that some programs are there: on Debian, as root, it installs what is missing.
 *
 * @param who needs them, such as `The tests`: the start of the message where they cannot be installed
 * @param programs each program's name and the Debian package that brings it
 * @param log receives one line for each thing done
 * @throws Error with one sentence that says what to install
 */
export async function ensurePrograms(
  who: string,
  programs: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<void> {
  const all = Object.keys(programs)
  const found = await Promise.all(all.map((name) => findOnPath(name, process.env)))
  const names = all.filter((_name, i) => found[i] === undefined)
  if (names.length === 0) return
  const packages = names.map((name) => programs[name] as string)
  if (process.getuid?.() !== 0 || (await findOnPath('apt-get', process.env)) === undefined) {
    throw new Error(
      `${who} need ${names.join(', ')} on PATH: install it, then try again (Debian: apt-get install ${packages.join(' ')}).`,
    )
  }
  log(`${who} need more of Debian's packages, which are installed now: ${packages.join(', ')}.`)
  await aptGet('update')
  await aptGet('install', '-y', '--no-install-recommends', ...packages)
}
