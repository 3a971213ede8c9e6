import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type DevVault, type StartVaultOptions, startVault } from '../../dev/dev-vault.ts'
import { findVaultBinary, type Product } from '../../tools/vault/vault-binary.ts'

/** What Vault answered: its status, and its JSON body, or an empty object where it sent none. */
export interface VaultAnswer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever Vault sent.
  body: any
}

export interface TestVault extends DevVault {
  auditLog: string
  /** The program that runs, and what kind of server it is. */
  binary: string
  product: Product
  /** Folder of this Vault alone, removed at the end of the test. */
  dir: string
  /** Calls `/v1/<path>` with the root token, or with another one; an empty string sends none. */
  api(method: string, path: string, body?: object, token?: string): Promise<VaultAnswer>
}

/**
 * Starts a real Vault in dev mode for a test file, on a free port and with a file audit device; it ends with the test.
 * It takes about a second: start one per file, and mount what a single test needs under a name of its own.
 */
export async function testVault(
  t: Pick<Test, 'teardown'>,
  options: Pick<StartVaultOptions, 'pluginDir'> = {},
): Promise<TestVault> {
  const dir = await mkdtemp(join(tmpdir(), 'padlock-vault-'))
  t.teardown(() => rm(dir, { recursive: true, force: true }))
  const { path: binary, product } = await findVaultBinary()
  const auditLog = join(dir, 'audit.log')
  const vault = await startVault({ binary, auditLog, ...options })
  t.teardown(() => vault.stop())

  const api = vaultApi(vault.address, vault.rootToken)
  // `padlock setup` does this where a Vault needs it (OpenBao); most tests do without setup.
  await api('POST', 'sys/config/auditing/request-headers/X-Correlation-Id', { hmac: false })
  return { ...vault, auditLog, binary, product, dir, api }
}

/** Calls of a Vault's HTTP API, made without Padlock's own client. */
export function vaultApi(address: string, rootToken: string): TestVault['api'] {
  return async (method, path, body, token = rootToken) => {
    const answer = await fetch(`${address}/v1/${path}`, {
      method,
      headers: token ? { 'X-Vault-Token': token } : {},
      redirect: 'manual',
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: text ? JSON.parse(text) : {} }
  }
}
