import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findOnPath, isExecutable } from './executable.ts'
import { checkGo, runGo } from './go.ts'
import { hasOpenBaoWheel } from './openbao-wheel.ts'
import { cachePath, reserveInCache } from './user-cache.ts'

const MODULE = 'github.com/hashicorp/vault'
const FOLDER = join(import.meta.dirname, '.')
// Without the "minimal" tag the build takes every cloud's plug-ins along, and several times as long.
const TAGS = ['-tags', 'minimal']

export interface BuildVaultOptions {
  env: NodeJS.ProcessEnv
  log: (line: string) => void
  signal?: AbortSignal | undefined
}

/**
 * Where the pinned build is kept: in the user's cache, so that a second clone does not build it again.
 *
 * @returns an absolute path; the file need not exist
 */
export async function builtVaultPath(env: NodeJS.ProcessEnv): Promise<string> {
  const { vault } = await pins()
  return cachePath(env, `vault-${vault}`, 'vault')
}

/**
 * Builds the Vault that `tools/vault` pins, with the `go` on PATH; several processes may call it at once.
 *
 * @returns the absolute path of the program
 * @throws Error with one sentence that says what to do: no Go, a Go that is too old, a build that failed
 */
export async function buildVault({ env, log, signal }: BuildVaultOptions): Promise<string> {
  const wanted = await pins()
  const target = await builtVaultPath(env)
  const go = await findOnPath('go', env)
  if (!go) {
    throw new Error(
      `There is no Vault and no Go to build one: install Vault or Go (${wanted.go} or newer), or set VAULT_BIN to a vault program.`,
    )
  }
  await checkGo(go, wanted.go, env)

  const instead = hasOpenBaoWheel ? '"make run SERVER=openbao" starts in seconds, on OpenBao.' : ''
  const lock = await reserveInCache(target, () => {
    log('Another process is building Vault: waiting for it.')
    if (instead) {
      log(instead)
    }
  })
  const temporary = `${target}.${process.pid}`
  try {
    // The process that was waited for has built it.
    if (await isExecutable(target)) {
      return target
    }
    const minutes = `Building Vault ${wanted.vault} with Go, this once: it takes 5 to 10 minutes on 2 cores.`
    log(`${minutes} ${instead}`.trimEnd())
    const common = { go, folder: FOLDER, env, log, signal }
    const packages = await runGo({
      ...common,
      args: ['list', '-deps', ...TAGS, MODULE],
      progress: (modules) => `Building Vault: downloading, ${modules} modules`,
    })
    await runGo({
      ...common,
      args: ['build', '-v', '-trimpath', ...TAGS, '-ldflags', '-s -w', '-o', temporary, MODULE],
      progress: (done) => `Building Vault: compiling, ${done} of ${packages} packages`,
    })
    await rename(temporary, target)
  } finally {
    await rm(temporary, { force: true })
    await lock.release()
  }
  log(`Built Vault ${wanted.vault}, kept as ${target}.`)
  return target
}

/** The versions that go.mod pins: of Vault itself, and the Go that it needs. */
async function pins(): Promise<{ vault: string; go: string }> {
  const text = await readFile(join(FOLDER, 'go.mod'), 'utf8')
  const vault = /^\s*(?:require )?github\.com\/hashicorp\/vault v(\S+)/m.exec(text)?.[1]
  const go = /^go (\S+)/m.exec(text)?.[1]
  if (!vault || !go) {
    throw new Error('tools/vault/go.mod does not pin a Vault and a Go.')
  }
  return { vault, go }
}
