import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { buildVault, builtVaultPath } from './vault-build.ts'

/** The oldest Vault that development and the tests accept. */
export const MINIMUM_VAULT_VERSION = '1.15.0'

/** A Vault program that was run once and is recent enough. */
export interface VaultBinary {
  /** Absolute path of the program. */
  path: string
  /** Version as `vault version` tells it, without the `v`: `1.21.2`. */
  version: string
  /** Where it was found. */
  source: 'VAULT_BIN' | 'PATH' | 'cache' | 'build'
}

export interface FindVaultOptions {
  /** The environment to look in: VAULT_BIN, PATH, XDG_CACHE_HOME, HOME. */
  env?: NodeJS.ProcessEnv
  /** Receives one line at a time while a build is under way; the lines carry no line end. */
  log?: (line: string) => void
}

/**
 * Finds a real Vault: `$VAULT_BIN`, then `vault` on PATH, then the one built earlier, then a build with Go.
 * A Vault that is named or installed but unfit is an error, never passed over in silence.
 *
 * @returns the program, checked by running `vault version`
 * @throws Error with one sentence that says what is wrong and what to do
 */
export async function findVaultBinary({
  env = process.env,
  log = () => {},
}: FindVaultOptions = {}): Promise<VaultBinary> {
  if (env.VAULT_BIN) {
    const path = resolve(env.VAULT_BIN)
    if (!(await isExecutable(path))) {
      throw new Error(
        `VAULT_BIN is ${env.VAULT_BIN}, which is not a file that can be executed: set it to a vault program, or unset it.`,
      )
    }
    return { path, version: await checkedVersion(path), source: 'VAULT_BIN' }
  }

  const installed = await findOnPath('vault', env)
  if (installed) return { path: installed, version: await checkedVersion(installed), source: 'PATH' }

  const built = await builtVaultPath(env)
  if (await isExecutable(built)) {
    // A damaged file in the cache is built again: nobody put it there by hand.
    const version = await checkedVersion(built).catch(() => undefined)
    if (version) return { path: built, version, source: 'cache' }
  }

  const path = await buildVault({ env, log })
  return { path, version: await checkedVersion(path), source: 'build' }
}

/** The absolute path of a program on PATH, or undefined; relative entries of PATH are not searched. */
export async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (isAbsolute(folder) && (await isExecutable(join(folder, name)))) return join(folder, name)
  }
  return undefined
}

async function checkedVersion(path: string): Promise<string> {
  const output = await promisify(execFile)(path, ['version'], { timeout: 30_000 }).then(
    ({ stdout }) => stdout,
    () => '',
  )
  const version = /^Vault v(\d+\.\d+\.\d+)/.exec(output)?.[1]
  if (!version) {
    throw new Error(
      `${path} did not answer "vault version" as a Vault does: set VAULT_BIN to a working vault program.`,
    )
  }
  if (olderThan(version, MINIMUM_VAULT_VERSION)) {
    throw new Error(
      `${path} is Vault ${version}, and Padlock needs ${MINIMUM_VAULT_VERSION} or newer: upgrade it, ` +
        'or run "make vault", which builds one with Go, and set VAULT_BIN to the path that it prints.',
    )
  }
  return version
}

/** Compares versions of three numbers, such as 1.9.0 and 1.15.0. */
export function olderThan(version: string, minimum: string): boolean {
  return version.localeCompare(minimum, 'en', { numeric: true }) < 0
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
