import { madeOnce } from '../cache/user-cache.ts'
import { findOnPath, isExecutable } from './executable.ts'
import { checkGo, NoGo, runGo, type Wanted } from './go.ts'

/** What is built with Go, once, and kept in the user's cache. */
export interface GoBuild extends Wanted {
  version: string
  packages: string[]
  /** options of `go list` and `go build` alike */
  flags: string[]
  ldflags: string
  /** absolute path of what is made: a file for one package, a folder for several */
  target: string
  /** absolute path of a program that is there once all is: `target` itself, or a file in it */
  program: string
  /** how long it takes on two cores, for a message */
  minutes: string
  /** a line for whoever waits */
  instead?: string
  /** adds to what was built, before it is kept */
  finish?: (go: string, built: string) => Promise<void>
}

export interface GoBuildOptions {
  env: NodeJS.ProcessEnv
  log: (line: string) => void
  signal?: AbortSignal | undefined
}

/**
 * Finds a Go that can build it.
 *
 * @returns the absolute path of the go program
 * @throws NoGo with one sentence that says what to do
 */
export async function findGo(build: GoBuild, env: NodeJS.ProcessEnv): Promise<string> {
  const { name, goVersion, otherwise } = build
  const go = await findOnPath('go', env)
  if (!go) {
    throw new NoGo(
      `There is no ${name} and no Go to build one: install Go (${goVersion} or newer)${otherwise}.`,
    )
  }
  await checkGo(go, build, env)
  return go
}

/**
 * Builds it with the `go` on PATH, unless it was built before; several processes may call this at once.
 *
 * @returns the target's path
 * @throws Error with one sentence that says what to do: NoGo, or a build that failed
 */
export async function buildOnce(build: GoBuild, { env, log, signal }: GoBuildOptions): Promise<string> {
  const { name, version, packages, flags, target, instead = '' } = build
  const go = await findGo(build, env)
  const onWait = () => {
    log(`Another process is building ${name}: waiting for it.`)
    if (instead) {
      log(instead)
    }
  }
  return madeOnce({
    target,
    isThere: () => isExecutable(build.program),
    onWait,
    make: async (temporary) => {
      const minutes = `Building ${name} ${version} with Go, this once: it takes ${build.minutes} on 2 cores.`
      log(`${minutes} ${instead}`.trimEnd())
      const common = { go, build, env, log, signal }
      const count = await runGo({
        ...common,
        args: ['list', '-deps', ...flags, ...packages],
        progress: (modules) => `Building ${name}: downloading, ${modules} modules`,
      })
      // With a slash at its end, go makes a folder.
      const output = packages.length > 1 ? `${temporary}/` : temporary
      await runGo({
        ...common,
        args: ['build', '-v', '-trimpath', ...flags, '-ldflags', build.ldflags, '-o', output, ...packages],
        progress: (done) => `Building ${name}: compiling, ${done} of ${count} packages`,
      })
      await build.finish?.(go, temporary)
      log(`Built ${name} ${version}, kept as ${target}.`)
      return temporary
    },
  })
}
