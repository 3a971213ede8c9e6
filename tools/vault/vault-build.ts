import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cachePath } from '../cache/user-cache.ts'
import { buildOnce, type GoBuildOptions } from './go-build.ts'
import { hasOpenBaoWheel } from './openbao-wheel.ts'

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
export async function buildVault(options: GoBuildOptions): Promise<string> {
  const { vault, go } = await pins()
  const target = await builtVaultPath(options.env)
  return buildOnce(
    {
      name: 'Vault',
      version: vault,
      folder: import.meta.dirname,
      goVersion: go,
      packages: ['github.com/hashicorp/vault'],
      // Without the "minimal" tag the build takes every cloud's plug-ins along, and several times as long.
      flags: ['-tags', 'minimal'],
      ldflags: '-s -w',
      target,
      program: target,
      minutes: '5 to 10 minutes',
      otherwise: ', or install Vault, or set VAULT_BIN to a vault program',
      ...(hasOpenBaoWheel && { instead: '"make run SERVER=openbao" starts in seconds, on OpenBao.' }),
    },
    options,
  )
}

/** The versions that go.mod pins: of Vault itself, and the Go that it needs. */
async function pins(): Promise<{ vault: string; go: string }> {
  const text = await readFile(join(import.meta.dirname, 'go.mod'), 'utf8')
  const vault = /^\s*(?:require )?github\.com\/hashicorp\/vault v(\S+)/m.exec(text)?.[1]
  const go = /^go (\S+)/m.exec(text)?.[1]
  if (!vault || !go) {
    throw new Error('tools/vault/go.mod does not pin a Vault and a Go.')
  }
  return { vault, go }
}
