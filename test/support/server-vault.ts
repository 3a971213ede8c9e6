import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { freePort } from '../../dev/free-port.ts'
import { startVaultProcess } from '../../dev/vault-process.ts'
import { type VaultAnswer, vaultApi } from './vault.ts'

export interface ServerVaultOptions {
  binary: string
  /** folder for its configuration */
  dir: string
  /** PEM files of a TLS listener beside the plain one */
  tls: { certFile: string; keyFile: string }
}

/** A Vault server outside dev mode, unsealed. */
export interface ServerVault {
  /** plain HTTP, for the test's own calls */
  address: string
  /** `https://127.0.0.1:<port>` */
  tlsAddress: string
  rootToken: string
  /** Calls `/v1/<path>` with the root token, or with another one; an empty string sends none. */
  api(method: string, path: string, body?: object, token?: string): Promise<VaultAnswer>
}

/** Starts a real Vault server from a configuration file, with a plain and a TLS listener; it ends with the test. */
export async function serverVault(
  t: Pick<Test, 'teardown'>,
  { binary, dir, tls }: ServerVaultOptions,
): Promise<ServerVault> {
  const [port, tlsPort] = [await freePort(0, '127.0.0.1'), await freePort(0, '127.0.0.1')]
  const config = join(dir, `vault-${port}.hcl`)
  await writeFile(
    config,
    `storage "inmem" {}
    disable_mlock = true
    unsafe_allow_api_audit_creation = true
    disable_clustering = true
    listener "tcp" {
      address     = "127.0.0.1:${port}"
      tls_disable = true
    }
    listener "tcp" {
      address       = "127.0.0.1:${tlsPort}"
      tls_cert_file = "${tls.certFile}"
      tls_key_file  = "${tls.keyFile}"
    }`,
  )
  const address = `http://127.0.0.1:${port}`
  const vault = await startVaultProcess(binary, [`-config=${config}`], { VAULT_API_ADDR: address })
  t.teardown(() => vault.stop())
  const anonymous = vaultApi(address, '')
  let init = await anonymous('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 }).catch(
    () => undefined,
  )
  while (init === undefined) {
    if (vault.process.exitCode !== null) {
      throw new Error(vault.lastLines().join('\n'))
    }
    await delay(50)
    init = await anonymous('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 }).catch(
      () => undefined,
    )
  }
  const { keys, root_token: rootToken } = init.body
  await anonymous('PUT', 'sys/unseal', { key: keys[0] })
  while ((await anonymous('GET', 'sys/health')).status !== 200) {
    await delay(20)
  }
  return { address, tlsAddress: `https://127.0.0.1:${tlsPort}`, rootToken, api: vaultApi(address, rootToken) }
}
