import { homedir } from 'node:os'
import { join } from 'node:path'
import { asGiven, withBaoVariables } from '../config/bao-variables.ts'
import { TlsFileError } from '../config/pem-files.ts'
import { vaultAddressProblems, vaultTlsProblems } from '../config/vault-connection.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { clientWithToken, createVaultClient, type VaultClient } from '../vault/client/client.ts'
import { ReadYourWrites } from '../vault/client/read-your-writes.ts'
import { TransitKeys } from '../vault/keys/transit-keys.ts'
import { ProfileStore } from '../vault/profiles/profile-store.ts'
import { checkEnvironment } from './checked-environment.ts'
import { CommandError, usageError } from './exit.ts'

/** Vault as an operator works on it. */
export interface OperatorVault {
  /** with the operator's token on every call */
  client: VaultClient
  profiles: ProfileStore
  keys: TransitKeys
}

/** A client for the operator's Vault, and the operator's token. */
export interface OperatorClient {
  client: VaultClient
  token: string
}

/** The address and TLS settings, by the rules that `serve` has too. */
function checkConnection(env: NodeJS.ProcessEnv): string {
  // The default of Vault's own command line.
  const address = env.VAULT_ADDR || 'https://127.0.0.1:8200'
  const problems = [...vaultAddressProblems({ ...env, VAULT_ADDR: address }), ...vaultTlsProblems(env)]
  if (problems.length > 0) {
    throw usageError(`${problems.join('.\n')}.`)
  }
  return new URL(address).origin
}

async function tokenOf(env: NodeJS.ProcessEnv): Promise<string> {
  let token = env.VAULT_TOKEN ?? ''
  if (token === '') {
    // Where `vault login` keeps it.
    const file = join(env.HOME || homedir(), '.vault-token')
    token = await readRegularFile(file).then(String, () => '')
  }
  token = token.trim()
  if (token === '') {
    throw usageError('No Vault token: set VAULT_TOKEN, or log in with `vault login`.')
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw usageError('The Vault token holds characters that no token has.')
  }
  return token
}

async function openClient(env: NodeJS.ProcessEnv): Promise<OperatorClient> {
  checkEnvironment(env)
  const address = checkConnection(env)
  const token = await tokenOf(env)
  try {
    const where = {
      address,
      namespace: env.VAULT_NAMESPACE || undefined,
      caFile: env.VAULT_CACERT || undefined,
      certFile: env.VAULT_CLIENT_CERT || undefined,
      keyFile: env.VAULT_CLIENT_KEY || undefined,
      serverName: env.VAULT_TLS_SERVER_NAME || undefined,
    }
    const client = createVaultClient(where, undefined, new ReadYourWrites())
    return { client, token }
  } catch (error) {
    throw error instanceof TlsFileError ? usageError(`${error.message}.`) : error
  }
}

/**
 * Opens Vault as its own command line does: VAULT_ADDR, VAULT_TOKEN or else `~/.vault-token`, VAULT_NAMESPACE,
 * VAULT_CACERT, VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME. An empty variable counts as not set;
 * `BAO_…` takes the place of each that is not.
 *
 * @throws CommandError with exit code 2 for what is missing or refused; no value is repeated
 */
export async function operatorClient(env: NodeJS.ProcessEnv): Promise<OperatorClient> {
  try {
    return await openClient(withBaoVariables(env))
  } catch (error) {
    throw error instanceof CommandError ? usageError(asGiven(env, error.message)) : error
  }
}

/** Where things are in Vault. */
export interface OperatorMounts {
  kvMount: string
  transitMount: string
}

/** @param client with the operator's token */
export function operatorVault(client: VaultClient, { kvMount, transitMount }: OperatorMounts): OperatorVault {
  return {
    client,
    profiles: new ProfileStore(client, kvMount),
    keys: new TransitKeys(client, transitMount),
  }
}

/** Opens Vault as `operatorClient` does. @throws CommandError with exit code 2 */
export async function openOperatorVault(
  env: NodeJS.ProcessEnv,
  mounts: OperatorMounts,
): Promise<OperatorVault> {
  const { client, token } = await operatorClient(env)
  return operatorVault(clientWithToken(client, token), mounts)
}
