import { textFault } from '../../config/clean-value.ts'
import { ConfigError } from '../../config/config.ts'
import { readNamedFile, TlsFileError } from '../../config/pem-files.ts'
import { proxyUrl } from '../../config/proxy.ts'
import { redisUrlFault } from '../../config/rules.ts'
import type { Config } from '../../config/schema.ts'
import { CallerKeyFileError, type CallerKeys, fileCallerKeys } from '../../http/callers/caller-keys.ts'
import { IssuerConnection } from '../../http/callers/issuer-connection.ts'
import { JwksCallerKeys } from '../../http/callers/jwks-caller-keys.ts'
import type { SharedRedis } from '../../http/limits/limits.ts'
import { connectRedis } from '../../http/limits/redis.ts'
import type { Log } from '../../log.ts'
import { createVaultClient, type VaultClient } from '../../vault/client/client.ts'

function openIssuerConnection(config: Config, log: Log): IssuerConnection {
  const { HTTPS_PROXY: proxy, NO_PROXY: noProxy, PADLOCK_CALLER_CACERT: caFile } = config
  try {
    return new IssuerConnection({ caFile, proxy: proxy && proxyUrl(proxy), noProxy }, log)
  } catch (error) {
    throw error instanceof TlsFileError ? new ConfigError([error.message]) : error
  }
}

/**
 * The keys of the callers' issuer, from its JWK Set or from a file.
 *
 * @throws ConfigError
 */
export async function openCallerKeys(config: Config, log: Log): Promise<CallerKeys> {
  if (config.PADLOCK_CALLER_JWKS_URL !== undefined) {
    const times = {
      refresh: config.PADLOCK_CALLER_JWKS_REFRESH_SECONDS,
      cooldown: config.PADLOCK_CALLER_JWKS_COOLDOWN_SECONDS,
      maxStale: config.PADLOCK_CALLER_JWKS_MAX_STALE_SECONDS,
    }
    return new JwksCallerKeys(config.PADLOCK_CALLER_JWKS_URL, times, log, openIssuerConnection(config, log))
  }
  return openCallerKeyFile(config.PADLOCK_CALLER_PUBLIC_KEY_FILE as string)
}

/**
 * The key of the callers' issuer from a file.
 *
 * @throws ConfigError
 */
export async function openCallerKeyFile(file: string): Promise<CallerKeys> {
  try {
    return await fileCallerKeys(file)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = error instanceof CallerKeyFileError ? message : (code ?? 'not PEM')
    throw new ConfigError([`PADLOCK_CALLER_PUBLIC_KEY_FILE cannot be read as a public key (${reason})`])
  }
}

/**
 * A client of the Vault that is configured; nothing is sent yet.
 *
 * @throws ConfigError when a TLS file cannot be used
 */
export function openVault(config: Config, log: Log): VaultClient {
  try {
    return createVaultClient(
      {
        address: config.VAULT_ADDR,
        namespace: config.VAULT_NAMESPACE,
        caFile: config.VAULT_CACERT,
        certFile: config.VAULT_CLIENT_CERT,
        keyFile: config.VAULT_CLIENT_KEY,
        serverName: config.VAULT_TLS_SERVER_NAME,
      },
      log,
    )
  } catch (error) {
    throw error instanceof TlsFileError ? new ConfigError([error.message]) : error
  }
}

/**
 * The address of Redis, from its variable or its file.
 *
 * @throws ConfigError
 */
export function redisUrl(config: Config): string | undefined {
  const file = config.PADLOCK_REDIS_URL_FILE
  if (file === undefined) {
    return config.PADLOCK_REDIS_URL
  }
  let fault: string | undefined
  try {
    const url = readNamedFile('PADLOCK_REDIS_URL_FILE', file).trim()
    fault = textFault(url) ?? redisUrlFault(url)
    if (fault === undefined) {
      return url
    }
  } catch (error) {
    throw error instanceof TlsFileError ? new ConfigError([error.message]) : error
  }
  throw new ConfigError([`the file of PADLOCK_REDIS_URL_FILE ${fault}`])
}

/**
 * The Redis in which instances count callers together, where there is one.
 *
 * @throws ConfigError
 */
export async function openRedis(config: Config, log: Log): Promise<SharedRedis | undefined> {
  const url = redisUrl(config)
  return url === undefined ? undefined : { client: await connectRedis(url, log) }
}
