import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { holdFileLock } from './file-lock.ts'
import { findOnPath, olderThan } from './vault-binary.ts'

const MODULE = 'github.com/hashicorp/vault'
const FOLDER = join(import.meta.dirname, '../../tools/vault')
const REPORT_EVERY_MS = 5_000
// Without the "minimal" tag the build takes every cloud's plug-ins along, and several times as long.
const TAGS = ['-tags', 'minimal']

export interface BuildVaultOptions {
  env: NodeJS.ProcessEnv
  log: (line: string) => void
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
export async function buildVault({ env, log }: BuildVaultOptions): Promise<string> {
  const wanted = await pins()
  const target = await builtVaultPath(env)
  const go = await findOnPath('go', env)
  if (!go) {
    throw new Error(
      `There is no Vault and no Go to build one: install Vault (1.15 or newer) or Go (${wanted.go} or newer), ` +
        'or set VAULT_BIN to a vault program.',
    )
  }
  await checkGo(go, wanted.go, env)
  await mkdir(dirname(target), { recursive: true }).catch((cause) => {
    throw new Error(
      `${dirname(target)} cannot be made: set XDG_CACHE_HOME to a folder that can be written.`,
      {
        cause,
      },
    )
  })

  const lock = await holdFileLock(`${target}.lock`, () => log('Another process is building Vault: waiting.'))
  const temporary = `${target}.${process.pid}`
  try {
    log(`Building Vault ${wanted.vault} with Go, once: this takes 5 to 10 minutes on 2 cores.`)
    const packages = await watch(go, ['list', '-deps', ...TAGS, MODULE], env, log, 'downloading', 'modules')
    const flags = ['-v', '-trimpath', ...TAGS, '-ldflags', '-s -w', '-o', temporary]
    await watch(go, ['build', ...flags, MODULE], env, log, 'compiling', `of ${packages} packages`)
    await rename(temporary, target)
  } finally {
    await rm(temporary, { force: true })
    await lock.release()
  }
  log(`Built Vault ${wanted.vault}: it is kept in ${dirname(target)}.`)
  return target
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
  const canFetch = number && !olderThan(number, '1.21') && toolchain !== 'local'
  if (number && (canFetch || !olderThan(number, wanted))) return
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
function watch(
  go: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
  doing: string,
  unit: string,
): Promise<number> {
  const started = performance.now()
  const child = spawn(go, args, { cwd: FOLDER, env: goEnv(env), stdio: ['ignore', 'pipe', 'pipe'] })
  let lines = 0
  let steps = 0
  const last: string[] = []
  const report = () => {
    const seconds = Math.round((performance.now() - started) / 1000)
    log(`Building Vault: ${doing}, ${steps} ${unit}, ${Math.floor(seconds / 60)} min ${seconds % 60} s`)
  }
  createInterface(child.stdout).on('line', () => lines++)
  createInterface(child.stderr).on('line', (line) => {
    steps++
    last.push(line)
    if (last.length > 10) last.shift()
  })
  const timer = setInterval(report, REPORT_EVERY_MS)
  const stop = () => child.kill()
  process.once('exit', stop)

  return new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) return resolve(lines)
      const said = last.filter((line) => !line.startsWith('go: downloading')).join('\n')
      reject(
        new Error(
          `Vault could not be built (go ${args[0]} ended with ${code}): see what Go says below, ` +
            `check the network, or set VAULT_BIN to a vault program.\n${said}`,
        ),
      )
    })
  }).finally(() => {
    clearInterval(timer)
    process.off('exit', stop)
  })
}
