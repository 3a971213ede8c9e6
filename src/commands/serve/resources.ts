import { readFileSync } from 'node:fs'
import type { FastifyBaseLogger } from 'fastify'
import type { Redis } from 'ioredis'
import { type Config, ConfigError } from '../../config.ts'
import { CallerKeyFileError, type CallerKeys, pemCallerKeys } from '../../http/caller-keys.ts'
import { JwksCallerKeys } from '../../http/jwks-caller-keys.ts'
import { connectRedis } from '../../http/redis.ts'
import { createVaultClient, type VaultClient } from '../../vault/client.ts'

/**
 * The keys of the callers' issuer, from its JWK Set or from a file.
 *
 * @throws ConfigError
 */
export async function openCallerKeys(config: Config, log: FastifyBaseLogger): Promise<CallerKeys> {
  if (config.PADLOCK_CALLER_JWKS_URL !== undefined) {
    const times = {
      refresh: config.PADLOCK_CALLER_JWKS_REFRESH_SECONDS,
      cooldown: config.PADLOCK_CALLER_JWKS_COOLDOWN_SECONDS,
      maxStale: config.PADLOCK_CALLER_JWKS_MAX_STALE_SECONDS,
    }
    return new JwksCallerKeys(config.PADLOCK_CALLER_JWKS_URL, times, log)
  }
  try {
    return await pemCallerKeys(config.PADLOCK_CALLER_PUBLIC_KEY_FILE as string)
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
export function openVault(config: Config, log: FastifyBaseLogger): VaultClient {
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
    const reason = (error as NodeJS.ErrnoException).code ?? 'not PEM'
    throw new ConfigError([
      `a file of VAULT_CACERT, VAULT_CLIENT_CERT or VAULT_CLIENT_KEY cannot be read (${reason})`,
    ])
  }
}

function redisUrl(config: Config): string | undefined {
  if (config.PADLOCK_REDIS_URL_FILE === undefined) return config.PADLOCK_REDIS_URL
  try {
    const url = readFileSync(config.PADLOCK_REDIS_URL_FILE, 'utf8').trim()
    if (/^rediss?:$/.test(URL.parse(url)?.protocol ?? '')) return url
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    throw new ConfigError([`PADLOCK_REDIS_URL_FILE cannot be read (${reason})`])
  }
  throw new ConfigError(['PADLOCK_REDIS_URL_FILE must hold a redis or rediss URL'])
}

/**
 * The Redis in which instances count callers together, where there is one.
 *
 * @throws ConfigError
 */
export async function openRedis(config: Config, log: FastifyBaseLogger): Promise<Redis | undefined> {
  const url = redisUrl(config)
  return url === undefined ? undefined : await connectRedis(url, log)
}
