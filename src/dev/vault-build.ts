import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { findOnPath, isExecutable } from './executable.ts'
import { type FileLock, holdFileLock } from './file-lock.ts'
import { olderThan } from './version.ts'

const MODULE = 'github.com/hashicorp/vault'
const FOLDER = join(import.meta.dirname, '../../tools/vault')
const REPORT_EVERY_MS = 5_000
// Without the "minimal" tag the build takes every cloud's plug-ins along, and several times as long.
const TAGS = ['-tags', 'minimal']

export interface BuildVaultOptions {
  env: NodeJS.ProcessEnv
  log: (line: string) => void
  signal?: AbortSignal
}

/**
 * Where the pinned build is kept: in the user's cache, so that a second clone does not build it again.
 *
 * @returns an absolute path; the file need not exist
 */
export async function builtVaultPath(env: NodeJS.ProcessEnv): Promise<string> {
  const { vault } = await pins()
  // The XDG base directory specification: a relative path in XDG_CACHE_HOME is to be ignored.
  const xdg = env.XDG_CACHE_HOME
  const cache = xdg && isAbsolute(xdg) ? xdg : join(env.HOME || homedir(), '.cache')
  return join(cache, 'padlock', `vault-${vault}`, 'vault')
}

/**
 * Builds the Vault that `tools/vault` pins, with the `go` on PATH; several processes may call it at once.
 *
 * @returns the absolute path of the program
 * @throws Error with one sentence that says what to do: no Go, a Go that is too old, a build that failed
 */
export async function buildVault(options: BuildVaultOptions): Promise<string> {
  const { env, log } = options
  const wanted = await pins()
  const target = await builtVaultPath(env)
  const go = await findOnPath('go', env)
  if (!go) {
    throw new Error(
      `There is no Vault and no Go to build one: install Vault or Go (${wanted.go} or newer), or set VAULT_BIN to a vault program.`,
    )
  }
  await checkGo(go, wanted.go, env)

  const lock = await reserve(target, log)
  const temporary = `${target}.${process.pid}`
  try {
    // The process that was waited for has built it.
    if (await isExecutable(target)) return target
    log(`Building Vault ${wanted.vault} with Go, this once: it takes 5 to 10 minutes on 2 cores.`)
    const packages = await run(go, ['list', '-deps', ...TAGS, MODULE], 'downloading', 'modules', options)
    const flags = ['-v', '-trimpath', ...TAGS, '-ldflags', '-s -w', '-o', temporary]
    await run(go, ['build', ...flags, MODULE], 'compiling', `of ${packages} packages`, options)
    await rename(temporary, target)
  } finally {
    await rm(temporary, { force: true })
    await lock.release()
  }
  log(`Built Vault ${wanted.vault}, kept as ${target}.`)
  return target
}

async function reserve(target: string, log: (line: string) => void): Promise<FileLock> {
  try {
    await mkdir(dirname(target), { recursive: true })
    return await holdFileLock(`${target}.lock`, () =>
      log('Another process is building Vault: waiting for it.'),
    )
  } catch (cause) {
    throw new Error(`${dirname(target)} cannot be written: set XDG_CACHE_HOME to a folder that can.`, {
      cause,
    })
  }
}

/** The versions that go.mod pins: of Vault itself, and the Go that it needs. */
async function pins(): Promise<{ vault: string; go: string }> {
  const text = await readFile(join(FOLDER, 'go.mod'), 'utf8')
  const vault = /^\s*(?:require )?github\.com\/hashicorp\/vault v(\S+)/m.exec(text)?.[1]
  const go = /^go (\S+)/m.exec(text)?.[1]
  if (!vault || !go) throw new Error('tools/vault/go.mod does not pin a Vault and a Go.')
  return { vault, go }
}

async function checkGo(go: string, wanted: string, env: NodeJS.ProcessEnv): Promise<void> {
  // Run outside the module: inside it, a Go of the right kind would first download the newer tool chain.
  const ask = (...names: string[]) =>
    promisify(execFile)(go, ['env', ...names], { env: goEnv(env), cwd: dirname(go) })
  const answer = await ask('GOVERSION', 'GOTOOLCHAIN').catch((cause) => {
    throw new Error(`${go} cannot be run: repair Go, or set VAULT_BIN to a vault program.`, { cause })
  })
  const [version = '', toolchain = ''] = answer.stdout.split('\n')
  const number = /^go(\d+\.\d+(?:\.\d+)?)/.exec(version)?.[1]
  // Since Go 1.21 a Go fetches the newer one that a module asks for, unless it is told to stay local.
  const canFetch = /(^|\+)auto$/.test(toolchain)
  if (canFetch || (number && !olderThan(number, wanted))) return
  throw new Error(
    `${go} is ${version || 'of an unknown version'}, and Vault needs Go ${wanted} or newer to build: upgrade Go, ` +
      'or install Vault, or set VAULT_BIN to a vault program.',
  )
}

function goEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // The user's own flags and workspace must not change what is built.
  return { ...env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' }
}

/** Runs go in tools/vault, tells every few seconds how far it is, and gives the number of lines on its output. */
async function run(
  go: string,
  args: string[],
  doing: string,
  unit: string,
  { env, log, signal }: BuildVaultOptions,
): Promise<number> {
  const started = performance.now()
  // Go cleans up its own children on SIGINT only.
  const child = spawn(go, args, { cwd: FOLDER, env: goEnv(env), signal, killSignal: 'SIGINT' })
  let lines = 0
  let steps = 0
  const said: string[] = []
  createInterface(child.stdout).on('line', () => lines++)
  createInterface(child.stderr).on('line', (line) => {
    steps++
    if (!line.startsWith('go: downloading')) said.push(line)
  })
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - started) / 1000)
    log(`Building Vault: ${doing}, ${steps} ${unit}, ${Math.floor(seconds / 60)} min ${seconds % 60} s`)
  }, REPORT_EVERY_MS)
  try {
    const [code] = await once(child, 'close')
    if (code === 0) return lines
    throw new Error(
      `Vault could not be built: see what "go ${args[0]}" says below and check the network, ` +
        `or set VAULT_BIN to a vault program.\n${said.slice(-10).join('\n')}`,
    )
  } finally {
    clearInterval(timer)
  }
}
