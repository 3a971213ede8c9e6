import { readFileSync } from 'node:fs'
import nodeVault from 'node-vault'
import { type Dispatcher, Pool } from 'undici'
import { type ErrorCode, PadlockError } from '../errors.ts'

/** Where Vault is and how it is trusted. */
export interface VaultAddress {
  /** scheme, host and port */
  address: string
  namespace?: string | undefined
  /** PEM files: the CA that signed Vault's certificate, and this client's own certificate and key */
  caFile?: string | undefined
  certFile?: string | undefined
  keyFile?: string | undefined
  /** the name in Vault's certificate, where it is not the address's host */
  serverName?: string | undefined
}

/** What one call may say beside its path and data. */
export interface VaultCallOptions {
  token?: string | undefined
  /** milliseconds; 5,000 without it */
  timeoutMs?: number | undefined
  signal?: AbortSignal | undefined
  /** X-Correlation-Id: stands in Vault's audit log in clear */
  correlationId?: string | undefined
  /** X-Vault-Wrap-TTL: asks for a response-wrapped answer that can be opened for so many seconds */
  wrapTtlSeconds?: number | undefined
  /** query parameters */
  query?: Readonly<Record<string, string | number>> | undefined
}

/** Vault's HTTP API, each answer as the parsed body (`undefined` for 204). Check every field before use. */
export interface VaultClient {
  readonly address: string
  read(path: string, options?: VaultCallOptions): Promise<unknown>
  write(path: string, data: object, options?: VaultCallOptions): Promise<unknown>
  list(path: string, options?: VaultCallOptions): Promise<unknown>
  delete(path: string, options?: VaultCallOptions): Promise<unknown>
  close(): Promise<void>
}

/**
 * A call to Vault that failed. `vaultStatus` is the HTTP status (undefined when no answer came) and
 * `vaultMessages` are Vault's own words, for an operator at a terminal: both stay out of logs and answers.
 */
export class VaultError extends PadlockError {
  declare readonly vaultStatus: number | undefined
  declare readonly vaultMessages: readonly string[]

  constructor(code: ErrorCode, detail: string, status?: number, messages: readonly string[] = []) {
    super(code, { detail })
    this.name = 'VaultError'
    Object.defineProperties(this, {
      vaultStatus: { value: status, enumerable: false },
      vaultMessages: { value: messages, enumerable: false },
    })
  }
}

const defaultTimeoutMs = 5_000
const maxAnswerBytes = 16 * 1024 * 1024

// node-vault puts a path into the URL as it is: `../sys/seal` would get out of a mount.
function checkPath(path: string): void {
  for (const segment of path.split('/')) {
    if (!/^[\w.~-]+$/.test(segment) || segment === '.' || segment === '..') {
      throw new TypeError('A Vault path is made of names: letters, digits, "_", ".", "~" and "-".')
    }
  }
}

/** What node-vault hands to the transport it is given. */
interface TransportRequest {
  method: string
  uri: string
  headers: Record<string, string>
  json?: object
  timeoutMs: number
  signal?: AbortSignal
}

function transportError(error: unknown, timedOut: boolean): VaultError {
  if (timedOut) return new VaultError('vault_timeout', 'Vault did not answer in time.')
  if ((error as Error).name === 'AbortError')
    return new VaultError('vault_timeout', 'The call to Vault was given up.')
  // The system's code (ECONNREFUSED, CERT_HAS_EXPIRED, ...) is the most that is safe to keep.
  const code = (error as { code?: unknown }).code
  const reason = typeof code === 'string' ? ` (${code})` : ''
  return new VaultError('vault_unavailable', `Vault cannot be reached${reason}.`)
}

/** Sends over kept-alive connections; follows no redirect, takes no proxy from the environment. */
function transport(pool: Pool) {
  return async (request: TransportRequest) => {
    const controller = new AbortController()
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      controller.abort()
    }, request.timeoutMs)
    const giveUp = () => controller.abort()
    request.signal?.addEventListener('abort', giveUp)
    if (request.signal?.aborted) giveUp()
    const { pathname, search } = new URL(request.uri)
    try {
      const response = await pool.request({
        method: request.method as Dispatcher.HttpMethod,
        path: pathname + search,
        headers: request.json ? { ...request.headers, 'content-type': 'application/json' } : request.headers,
        body: request.json ? JSON.stringify(request.json) : null,
        signal: controller.signal,
      })
      const text = await response.body.text()
      return { statusCode: response.statusCode, body: parseBody(text), request: { path: pathname } }
    } catch (error) {
      if (error instanceof VaultError) throw error
      throw transportError(error, timedOut)
    } finally {
      clearTimeout(timer)
      request.signal?.removeEventListener('abort', giveUp)
    }
  }
}

function parseBody(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new VaultError('vault_unavailable', 'The answer did not come from Vault: it is not JSON.')
  }
}

/** Vault's statuses as codes of ours (Vault API, "HTTP Status Codes"). */
function answerError(error: unknown): VaultError {
  if (error instanceof VaultError) return error
  const response = (error as { response?: { statusCode?: unknown; body?: { errors?: unknown } } }).response
  const status = response?.statusCode
  if (typeof status !== 'number') return new VaultError('vault_unavailable', 'The call to Vault failed.')
  const list = response?.body?.errors
  const messages = Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : []
  if (status === 503 && messages.some((message) => /sealed/i.test(message))) {
    return new VaultError('vault_sealed', 'Vault is sealed.', status, messages)
  }
  if (status === 403) return new VaultError('vault_denied', 'Vault denied the call.', status, messages)
  if (status === 429) return new VaultError('vault_throttled', 'Vault limits the rate.', status, messages)
  if (status >= 300 && status < 400) {
    return new VaultError('vault_unavailable', 'Vault redirected the call, which is not followed.', status)
  }
  if (status === 412 || status === 472 || status === 473 || status >= 500) {
    return new VaultError('vault_unavailable', `Vault answered ${status}.`, status, messages)
  }
  return new VaultError('internal_error', `Vault refused the call with ${status}.`, status, messages)
}

/**
 * A client for one Vault address: keep-alive, TLS with a private CA where given, a time limit on every call.
 * Nothing is taken from the environment.
 *
 * Every call throws VaultError with `vault_unavailable`, `vault_sealed`, `vault_denied`, `vault_throttled`,
 * `vault_timeout`, or, for any other 4xx, `internal_error` with the status in `vaultStatus`.
 */
export function createVaultClient(where: VaultAddress): VaultClient {
  const file = (path: string | undefined) => (path === undefined ? {} : readFileSync(path))
  const pool = new Pool(new URL(where.address).origin, {
    connections: 64,
    maxResponseSize: maxAnswerBytes,
    connect: {
      timeout: defaultTimeoutMs,
      ...(where.caFile === undefined ? {} : { ca: file(where.caFile) as Buffer }),
      ...(where.certFile === undefined ? {} : { cert: file(where.certFile) as Buffer }),
      ...(where.keyFile === undefined ? {} : { key: file(where.keyFile) as Buffer }),
      ...(where.serverName === undefined ? {} : { servername: where.serverName }),
    },
  })
  const vault = nodeVault({
    endpoint: where.address,
    // node-vault's own debug output prints secrets.
    debug: () => undefined,
    'request-promise': { defaults: () => transport(pool) },
  } as nodeVault.VaultOptions)
  // node-vault fills these from VAULT_* variables when they are not given.
  Object.assign(vault, { token: '', pathPrefix: '', namespace: where.namespace ?? '' })

  function requestOptions(options: VaultCallOptions): { [key: string]: unknown } {
    const headers: Record<string, string> = { 'X-Vault-Request': 'true' }
    if (options.token !== undefined) headers['X-Vault-Token'] = options.token
    if (options.correlationId !== undefined) headers['X-Correlation-Id'] = options.correlationId
    if (options.wrapTtlSeconds !== undefined) headers['X-Vault-Wrap-TTL'] = `${options.wrapTtlSeconds}s`
    return { headers, timeoutMs: options.timeoutMs ?? defaultTimeoutMs, signal: options.signal }
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

  return {
    address: where.address,
    read: (path, options = {}) => call(path, options, (full) => vault.read(full, requestOptions(options))),
    write: (path, data, options = {}) =>
      call(path, options, (full) => vault.write(full, data, requestOptions(options))),
    list: (path, options = {}) => call(path, options, (full) => vault.list(full, requestOptions(options))),
    delete: (path, options = {}) =>
      call(path, options, (full) => vault.delete(full, requestOptions(options))),
    close: () => pool.close(),
  }
}
