import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { isLoopback } from '../loopback.ts'
import { createVaultClient, type VaultClient } from '../vault/client.ts'
import { usageError } from './exit.ts'

/** A client for the operator's Vault, and the operator's token. */
export interface OperatorClient {
  client: VaultClient
  token: string
}

function addressOf(env: NodeJS.ProcessEnv): string {
  // The default of Vault's own command line.
  const url = URL.parse(env.VAULT_ADDR || 'https://127.0.0.1:8200')
  if (url === null || !/^https?:$/.test(url.protocol))
    throw usageError('VAULT_ADDR must be an http or https URL.')
  if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '') {
    throw usageError('VAULT_ADDR must be scheme, host and port alone.')
  }
  if (url.protocol === 'http:' && !isLoopback(url) && env.PADLOCK_ALLOW_INSECURE_VAULT !== 'true') {
    throw usageError(
      'VAULT_ADDR is plain HTTP off the loopback: your token could be read on the way. Use https, or set ' +
        'PADLOCK_ALLOW_INSECURE_VAULT=true.',
    )
  }
  return url.origin
}

function checkTls(env: NodeJS.ProcessEnv): void {
  if (!/^(|0|f|false)$/i.test(env.VAULT_SKIP_VERIFY ?? '')) {
    throw usageError(
      'VAULT_SKIP_VERIFY is not supported: whoever stands between could take your token. Give the CA in VAULT_CACERT.',
    )
  }
  if (env.VAULT_CAPATH && !env.VAULT_CACERT) {
    throw usageError('VAULT_CAPATH is not supported: give one PEM file in VAULT_CACERT.')
  }
  if (!env.VAULT_CLIENT_CERT !== !env.VAULT_CLIENT_KEY) {
    throw usageError('VAULT_CLIENT_CERT and VAULT_CLIENT_KEY go together.')
  }
}

async function tokenOf(env: NodeJS.ProcessEnv): Promise<string> {
  let token = env.VAULT_TOKEN ?? ''
  if (token === '') {
    // Where `vault login` keeps it.
    const file = join(env.HOME || homedir(), '.vault-token')
    token = await readFile(file, 'utf8').catch(() => '')
  }
  token = token.trim()
  if (token === '') throw usageError('No Vault token: set VAULT_TOKEN, or log in with `vault login`.')
  if (!/^[\x21-\x7e]+$/.test(token)) throw usageError('The Vault token holds characters that no token has.')
  return token
}

/**
 * Opens Vault as its own command line does: VAULT_ADDR, VAULT_TOKEN or else `~/.vault-token`, VAULT_NAMESPACE,
 * VAULT_CACERT, VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, VAULT_TLS_SERVER_NAME. An empty variable counts as not set.
 *
 * @throws CommandError with exit code 2 for what is missing or refused; no value is repeated
 */
export async function operatorClient(env: NodeJS.ProcessEnv): Promise<OperatorClient> {
  const address = addressOf(env)
  checkTls(env)
  const token = await tokenOf(env)
  try {
    const client = createVaultClient({
      address,
      namespace: env.VAULT_NAMESPACE || undefined,
      caFile: env.VAULT_CACERT || undefined,
      certFile: env.VAULT_CLIENT_CERT || undefined,
      keyFile: env.VAULT_CLIENT_KEY || undefined,
      serverName: env.VAULT_TLS_SERVER_NAME || undefined,
    })
    return { client, token }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'not PEM'
    throw usageError(
      `A file of VAULT_CACERT, VAULT_CLIENT_CERT or VAULT_CLIENT_KEY cannot be used (${reason}).`,
    )
  }
}
