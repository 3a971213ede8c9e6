import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { olderThan } from './version.ts'

const REPORT_EVERY_MS = 5_000

/** There is no Go, or none that can build what is asked for. */
export class NoGo extends Error {}

/** What is to be built, as messages name it. */
export interface Wanted {
  name: string
  /** folder of a module of its own, whose go.mod and go.sum pin all that is built */
  folder: string
  /** the version that go.mod asks for, such as 1.25.3 */
  goVersion: string
  /** what the user can do but repair Go or the build: text that begins with ", or", or none */
  otherwise: string
}

/** A run of `go` in a module's folder. */
export interface GoRun {
  /** Absolute path of the go program. */
  go: string
  build: Wanted
  args: string[]
  env: NodeJS.ProcessEnv
  /** Makes a progress line, from the number of lines that go wrote to its standard error so far. */
  progress: (steps: number) => string
  /** Receives the progress line and the elapsed time, every five seconds. */
  log: (line: string) => void
  signal?: AbortSignal | undefined
}

/**
 * Checks that this Go is recent enough, or can fetch one that is.
 *
 * @throws NoGo with one sentence that says what to do
 */
export async function checkGo(go: string, build: Wanted, env: NodeJS.ProcessEnv): Promise<void> {
  const { name, goVersion, otherwise } = build
  // Run outside the module: inside it, a Go of the right kind would first download the newer tool chain.
  const ask = (...names: string[]) =>
    promisify(execFile)(go, ['env', ...names], { env: goEnv(env), cwd: dirname(go) })
  const answer = await ask('GOVERSION', 'GOTOOLCHAIN').catch((cause) => {
    throw new NoGo(`${go} cannot be run: repair Go${otherwise}.`, { cause })
  })
  const [version = '', toolchain = ''] = answer.stdout.split('\n')
  const number = /^go(\d+\.\d+(?:\.\d+)?)/.exec(version)?.[1]
  // Since Go 1.21 a Go fetches the newer one that a module asks for, unless GOTOOLCHAIN=local.
  const canFetch = /(^|\+)auto$/.test(toolchain)
  if (canFetch || (number && !olderThan(number, goVersion))) {
    return
  }
  throw new NoGo(
    `${go} is ${version || 'of an unknown version'}, and ${name} needs Go ${goVersion} or newer to build: ` +
      `upgrade Go${otherwise}.`,
  )
}

function goEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // The user's own flags and workspace must not change what is built.
  return { ...env, CGO_ENABLED: '0', GOWORK: 'off', GOFLAGS: '-mod=readonly -buildvcs=false' }
}

/**
 * Runs go, and tells every few seconds how far it is.
 *
 * @returns the number of lines on its standard output
 * @throws Error with go's own last words when it fails, or an AbortError
 */
export async function runGo({ go, build, args, env, progress, log, signal }: GoRun): Promise<number> {
  const started = performance.now()
  // Go cleans up its own children on SIGINT only.
  const child = spawn(go, args, { cwd: build.folder, env: goEnv(env), signal, killSignal: 'SIGINT' })
  let lines = 0
  let steps = 0
  const said: string[] = []
  createInterface(child.stdout).on('line', () => lines++)
  createInterface(child.stderr).on('line', (line) => {
    steps++
    if (!line.startsWith('go: downloading')) {
      said.push(line)
    }
  })
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - started) / 1000)
    log(`${progress(steps)}, ${Math.floor(seconds / 60)} min ${seconds % 60} s`)
  }, REPORT_EVERY_MS)
  try {
    const [code] = await once(child, 'close')
    if (code === 0) {
      return lines
    }
    throw new Error(
      `${build.name} could not be built: see what "go ${args[0]}" says below and check the network` +
        `${build.otherwise}.\n${said.slice(-10).join('\n')}`,
    )
  } finally {
    clearInterval(timer)
  }
}
