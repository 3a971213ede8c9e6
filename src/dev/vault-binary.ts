import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { findOnPath, isExecutable } from './executable.ts'
import { buildVault, builtVaultPath } from './vault-build.ts'
import { olderThan } from './version.ts'

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
  /** Stops a build that is under way; the promise then rejects with an AbortError. */
  signal?: AbortSignal | undefined
}

/**
 * Finds a real Vault: `$VAULT_BIN`, then `vault` on PATH, then the one built earlier, then a build with Go.
 * A Vault that is named or installed but unfit is an error, never passed over in silence.
 *
 * @returns the program, checked by running `vault version`
 * @throws Error with one sentence that says what is wrong and what to do
 */
export async function findVaultBinary(options: FindVaultOptions = {}): Promise<VaultBinary> {
  const env = options.env ?? process.env
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
  return findBuiltVault(options)
}

/** As findVaultBinary, but only the pinned Vault: the one built earlier, or a build with Go. */
export async function findBuiltVault({
  env = process.env,
  log = () => {},
  signal,
}: FindVaultOptions = {}): Promise<VaultBinary> {
  const built = await builtVaultPath(env)
  if (await isExecutable(built)) {
    // A damaged file in the cache is built again: nobody put it there by hand.
    const version = await checkedVersion(built).catch(() => undefined)
    if (version) return { path: built, version, source: 'cache' }
    await rm(built, { force: true })
  }
  const path = await buildVault({ env, log, signal })
  return { path, version: await checkedVersion(path), source: 'build' }
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
