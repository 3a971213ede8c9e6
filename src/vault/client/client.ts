import nodeVault from 'node-vault'
import type { Log } from '../../log.ts'
import type { VaultAddress } from './connector.ts'
import type { ReadYourWrites } from './read-your-writes.ts'
import { Transport, type TransportRequest } from './transport.ts'
import { answerError } from './vault-error.ts'

/** What one call may say beside its path and data. */
export interface VaultCallOptions {
  token?: string | undefined
  /** milliseconds; 5,000 without it */
  timeoutMs?: number | undefined
  signal?: AbortSignal | undefined
  /** X-Correlation-Id: stands in Vault's audit log in clear */
  correlationId?: string | undefined
  /** X-Vault-Wrap-TTL: asks for a response-wrapped answer, and how many seconds it can be opened for */
  wrapTtlSeconds?: number | undefined
  /** query parameters */
  query?: Readonly<Record<string, string | number>> | undefined
  /** true for a write that may be done twice: it is sent once more when its connection broke, as reads always are */
  idempotent?: boolean | undefined
  /** is given the answer's Date header (RFC 9110 §6.6.1) */
  onDate?: ((date: string) => void) | undefined
}

/** Vault's HTTP API, each answer as the parsed body (`undefined` for 204). Check every field before use. */
export interface VaultClient {
  readonly address: string
  read(path: string, options?: VaultCallOptions): Promise<unknown>
  write(path: string, data: object, options?: VaultCallOptions): Promise<unknown>
  list(path: string, options?: VaultCallOptions): Promise<unknown>
  delete(path: string, options?: VaultCallOptions): Promise<unknown>
  /** Later calls go over new connections, made with the TLS files as they are now. */
  reconnect(): void
  close(): Promise<void>
}

const defaultTimeoutMs = 5_000

// node-vault puts a path into the URL as it is: `../sys/seal` would get out of a mount.
function checkPath(path: string): void {
  for (const segment of path.split('/')) {
    if (!/^[\w.~-]+$/.test(segment) || segment === '.' || segment === '..') {
      throw new TypeError('A Vault path is made of names: letters, digits, "_", ".", "~" and "-".')
    }
  }
}

/** Headers, and what the transport is to know. */
function requestOptions(options: VaultCallOptions, idempotent: boolean): { [key: string]: unknown } {
  const headers: Record<string, string> = { 'X-Vault-Request': 'true' }
  if (options.token !== undefined) {
    headers['X-Vault-Token'] = options.token
  }
  if (options.correlationId !== undefined) {
    headers['X-Correlation-Id'] = options.correlationId
  }
  if (options.wrapTtlSeconds !== undefined) {
    headers['X-Vault-Wrap-TTL'] = `${options.wrapTtlSeconds}s`
  }
  const { timeoutMs = defaultTimeoutMs, signal, onDate } = options
  return { headers, timeoutMs, signal, onDate, idempotent }
}

async function call(path: string, options: VaultCallOptions, send: (path: string) => Promise<unknown>) {
  checkPath(path)
  const query = options.query ? `?${new URLSearchParams(options.query as Record<string, string>)}` : ''
  try {
    return await send(path + query)
  } catch (error) {
    throw answerError(error)
  }
}

/**
 * A client for one Vault address: keep-alive, TLS with a private CA where given, a time limit on every call.
 * Nothing is taken from the environment.
 *
 * Every call throws VaultError with `vault_unavailable`, `vault_sealed`, `vault_denied`, `vault_throttled`,
 * `vault_timeout`, or, for any other 4xx, `internal_error` with the status in `vaultStatus`.
 *
 * @param consistency for commands; the service has none, since it would tie every signature to the active node
 * @throws TlsFileError, which names the variable
 */
export function createVaultClient(
  where: VaultAddress,
  log?: Pick<Log, 'warn'>,
  consistency?: ReadYourWrites,
): VaultClient {
  const transport = new Transport(where, log, consistency)
  const vault = nodeVault({
    endpoint: where.address,
    // node-vault's own debug output prints secrets.
    debug: () => undefined,
    // GET with `?list=1`, which Vault takes for LIST: what stands between may not know that method.
    noCustomHTTPVerbs: true,
    'request-promise': {
      defaults: () => (request: TransportRequest) => transport.send(request),
    },
  } as nodeVault.VaultOptions)
  // node-vault fills these from VAULT_* variables when they are not given.
  Object.assign(vault, { token: '', pathPrefix: '', namespace: where.namespace ?? '' })

  return {
    address: where.address,
    read: (path, options = {}) =>
      call(path, options, (full) => vault.read(full, requestOptions(options, true))),
    write: (path, data, options = {}) =>
      call(path, options, (full) =>
        vault.write(full, data, requestOptions(options, options.idempotent === true)),
      ),
    list: (path, options = {}) =>
      call(path, options, (full) => vault.list(full, requestOptions(options, true))),
    delete: (path, options = {}) =>
      call(path, options, (full) => vault.delete(full, requestOptions(options, options.idempotent === true))),
    reconnect: () => transport.reconnect(),
    close: () => transport.close(),
  }
}

/** Makes a call with a token; the session's `use` is one. */
export type WithToken = <T>(call: (token: string | undefined) => Promise<T>) => Promise<T>

/** The same client, with a token on every call. */
export function authenticated(client: VaultClient, withToken: WithToken): VaultClient {
  return {
    address: client.address,
    read: (path, options) => withToken((token) => client.read(path, { token, ...options })),
    write: (path, data, options) => withToken((token) => client.write(path, data, { token, ...options })),
    list: (path, options) => withToken((token) => client.list(path, { token, ...options })),
    delete: (path, options) => withToken((token) => client.delete(path, { token, ...options })),
    reconnect: () => client.reconnect(),
    close: () => client.close(),
  }
}

/** The same client with one token on every call, for a command that an operator runs. */
export const clientWithToken = (client: VaultClient, token: string): VaultClient =>
  authenticated(client, (call) => call(token))
