import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { findOnPath } from './vault/executable.ts'

async function aptGet(...args: string[]): Promise<void> {
  const child = spawn('apt-get', ['-qq', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) {
    throw new Error(`apt-get ${args.join(' ')} ended with ${code}: see its message above.`)
  }
}

/** A program that is of use only with parts that Debian has in another package. */
export interface ProgramWithParts {
  /** the Debian packages that bring the program and the parts, with spaces between them */
  package: string
  /** arguments with which the program ends well where the parts are there */
  check: string[]
}

/** Each program's name and the Debian package that brings it, with its parts where it needs some. */
export type Programs = Readonly<Record<string, string | ProgramWithParts>>

async function isThere(name: string, wanted: string | ProgramWithParts): Promise<boolean> {
  const path = await findOnPath(name, process.env)
  if (path === undefined || typeof wanted === 'string') {
    return path !== undefined
  }
  return promisify(execFile)(path, wanted.check).then(
    () => true,
    () => false,
  )
}

/**
 * Sees to it that some programs are there: on Debian, as root, it installs what is missing.
 *
 * @param who needs them, such as `The tests`: the start of the message where they cannot be installed
 * @param programs what is needed
 * @param log receives one line for each thing done
 * @throws Error with one sentence that says what to install
 */
export async function ensurePrograms(
  who: string,
  programs: Programs,
  log: (line: string) => void,
): Promise<void> {
  const all = Object.entries(programs)
  const there = await Promise.all(all.map(([name, wanted]) => isThere(name, wanted)))
  const missing = all.filter((_entry, i) => !there[i])
  if (missing.length === 0) {
    return
  }
  const names = missing.map(([name]) => name)
  const packages = missing.flatMap(([, wanted]) =>
    typeof wanted === 'string' ? wanted : wanted.package.split(' '),
  )
  if (process.getuid?.() !== 0 || (await findOnPath('apt-get', process.env)) === undefined) {
    throw new Error(
      `${who} need ${names.join(', ')} on PATH: install it, then try again (Debian: apt-get install ${packages.join(' ')}).`,
    )
  }
  log(`${who} need more of Debian's packages, which are installed now: ${packages.join(', ')}.`)
  await aptGet('update')
  await aptGet('install', '-y', '--no-install-recommends', ...packages)
}
