import { readFile } from 'node:fs/promises'
import type { Config } from '../config.ts'
import { PadlockError } from '../errors.ts'
import type { VaultCallOptions, VaultClient } from './client.ts'

/** What a login gave: a token and what may be known of it. */
export interface VaultToken {
  token: string
  accessor: string
  /** seconds that it lives from now without renewal; 0 for one that never expires */
  ttlSeconds: number
  renewable: boolean
  /** name of the AppRole role that was logged in to */
  roleName?: string
}

/** One way to log in to Vault. */
export interface Login {
  readonly method: string
  /** true when a stop should revoke the token, since this process asked for it */
  readonly ownsToken: boolean
  /** @throws VaultError, or PadlockError `vault_denied` when a file that it needs cannot be read */
  login(options: VaultCallOptions): Promise<VaultToken>
  /** seconds that the secret_id still lives; undefined when it never expires. @throws VaultError */
  secretIdTtlSeconds?(token: VaultToken): Promise<number | undefined>
}

/** Reads a secret from a file, without the line feed that editors put at its end. */
async function secretFrom(value: string | undefined, file: string | undefined): Promise<string> {
  if (value !== undefined) return value
  try {
    return (await readFile(file as string, 'utf8')).trim()
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    throw new PadlockError('vault_denied', { detail: `A file with a credential cannot be read (${reason}).` })
  }
}

/** Checks the answer of a login (Vault API, "auth" of `auth/<mount>/login`). */
function tokenOf(answer: unknown): VaultToken {
  const auth = (answer as { auth?: Record<string, unknown> } | undefined)?.auth
  const { client_token: token, accessor, lease_duration: ttlSeconds, renewable, metadata } = auth ?? {}
  if (typeof token !== 'string' || token === '' || typeof ttlSeconds !== 'number') {
    throw new PadlockError('vault_denied', { detail: "Vault's answer to the login holds no token." })
  }
  return {
    token,
    accessor: typeof accessor === 'string' ? accessor : '',
    ttlSeconds,
    renewable: renewable === true,
    ...roleOf(metadata),
  }
}

function roleOf(metadata: unknown): { roleName?: string } {
  const { role_name: roleName } = (metadata ?? {}) as Record<string, unknown>
  return typeof roleName === 'string' ? { roleName } : {}
}

function appRoleLogin(client: VaultClient, config: Config): Login {
  const mount = config.PADLOCK_VAULT_AUTH_MOUNT ?? 'approle'
  const secretId = () => secretFrom(config.PADLOCK_VAULT_SECRET_ID, config.PADLOCK_VAULT_SECRET_ID_FILE)
  return {
    method: 'approle',
    ownsToken: true,
    async login(options) {
      const role_id = await secretFrom(config.PADLOCK_VAULT_ROLE_ID, config.PADLOCK_VAULT_ROLE_ID_FILE)
      const data = { role_id, secret_id: await secretId() }
      return tokenOf(await client.write(`auth/${mount}/login`, data, options))
    },
    async secretIdTtlSeconds({ token, roleName }) {
      if (roleName === undefined) return undefined
      const path = `auth/${mount}/role/${roleName}/secret-id/lookup`
      const answer = await client.write(path, { secret_id: await secretId() }, { token })
      const expires = (answer as { data?: { expiration_time?: unknown } } | undefined)?.data?.expiration_time
      // The zero time of Go stands for "never".
      if (typeof expires !== 'string' || expires.startsWith('0001-')) return undefined
      return Math.max(0, Math.round((Date.parse(expires) - Date.now()) / 1000))
    },
  }
}

function tokenLogin(client: VaultClient, config: Config): Login {
  return {
    method: 'token',
    ownsToken: false,
    async login(options) {
      const token = await secretFrom(config.VAULT_TOKEN, config.VAULT_TOKEN_FILE)
      const answer = await client.read('auth/token/lookup-self', { ...options, token })
      const { ttl, renewable, accessor } = (answer as { data?: Record<string, unknown> }).data ?? {}
      if (typeof ttl !== 'number') {
        throw new PadlockError('vault_denied', { detail: "Vault's answer says nothing of the token." })
      }
      return { token, accessor: String(accessor ?? ''), ttlSeconds: ttl, renewable: renewable === true }
    },
  }
}

/** The login that the configuration asks for. */
export function createLogin(client: VaultClient, config: Config): Login {
  return config.PADLOCK_VAULT_AUTH === 'token' ? tokenLogin(client, config) : appRoleLogin(client, config)
}
