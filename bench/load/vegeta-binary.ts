import { execFile } from 'node:child_process'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import { findOnPath, isExecutable } from '../../tools/vault/executable.ts'

const folder = join(import.meta.dirname, '../../tools/bench')

/**
 * Builds the vegeta that tools/bench pins with Go, once, into the user's cache.
 *
 * @returns its absolute path
 * @throws Error with one sentence that says what to do
 */
export async function vegetaBinary(log: (line: string) => void): Promise<string> {
  const version = /vegeta\/v12 v(\S+)/.exec(await readFile(join(folder, 'go.mod'), 'utf8'))?.[1]
  if (version === undefined) {
    throw new Error('tools/bench/go.mod does not pin vegeta.')
  }
  const { XDG_CACHE_HOME: xdg, HOME } = process.env
  // The XDG base directory specification: a relative path in XDG_CACHE_HOME is to be ignored.
  const cache = xdg && isAbsolute(xdg) ? xdg : join(HOME || homedir(), '.cache')
  const file = join(cache, 'padlock', `vegeta-${version}`)
  if (await isExecutable(file)) {
    return file
  }
  const go = await findOnPath('go', process.env)
  if (go === undefined) {
    throw new Error('The benchmark needs Go to build vegeta: install Go, then try again.')
  }
  log(`Building vegeta ${version} with Go, this once.`)
  await mkdir(join(cache, 'padlock'), { recursive: true })
  const unfinished = `${file}.${process.pid}`
  // The user's own flags and workspace must not change what is built.
  const own = { CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' }
  await promisify(execFile)(go, ['build', '-o', unfinished, 'github.com/tsenart/vegeta/v12'], {
    cwd: folder,
    env: { ...process.env, ...own },
  })
  await rename(unfinished, file)
  return file
}
