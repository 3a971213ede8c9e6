import { type Dispatcher, Pool } from 'undici'
import type { VaultAddress } from './client.ts'
import { type ConnectorLog, vaultConnector } from './connector.ts'
import { noAnswerError, VaultError } from './vault-error.ts'

const connections = 64
const maxAnswerBytes = 16 * 1024 * 1024
/** Milliseconds that an idle connection is kept; Vault itself keeps one for five minutes. */
const idleMs = 60_000

/** What node-vault hands to the transport that it is given. */
export interface TransportRequest {
  method: string
  uri: string
  headers: Record<string, string>
  json?: object
  timeoutMs: number
  signal?: AbortSignal | undefined
  /** true when doing it twice is the same as doing it once */
  idempotent: boolean
  onDate?: ((date: string) => void) | undefined
}

/** Carries calls to one address over kept-alive connections. */
export interface Transport {
  send(request: TransportRequest): Promise<{ statusCode: number; body: unknown; request: { path: string } }>
  /** Later calls go over new connections; those in flight end on their own. */
  reconnect(): void
  close(): Promise<void>
}

function parseBody(text: string, status: number): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    // What stands between, such as a balancer, refuses in words of its own: the status tells enough.
    if (status >= 400) return undefined
    throw new VaultError('vault_unavailable', 'The answer did not come from Vault: it is not JSON.')
  }
}

/** A connection that broke after it had been opened: most often one that Vault closed as a call went out on it. */
const isBroken = (error: unknown): boolean =>
  ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes((error as { code: string }).code)

/**
 * A transport that follows no redirect, takes no proxy from the environment, reads 16 MiB of an answer at most,
 * and sends an idempotent call once more when its connection broke.
 *
 * @throws Error when a TLS file cannot be used
 */
export function createTransport(where: VaultAddress, log?: ConnectorLog): Transport {
  const connect = vaultConnector(where, log)
  const open = () =>
    new Pool(new URL(where.address).origin, {
      connections,
      maxResponseSize: maxAnswerBytes,
      keepAliveTimeout: idleMs,
      allowH2: false,
      connect,
    })
  let pool = open()

  async function exchange(request: TransportRequest, signal: AbortSignal) {
    const { pathname, search } = new URL(request.uri)
    const response = await pool.request({
      method: request.method as Dispatcher.HttpMethod,
      path: pathname + search,
      headers: request.json ? { ...request.headers, 'content-type': 'application/json' } : request.headers,
      body: request.json ? JSON.stringify(request.json) : null,
      signal,
    })
    const body = parseBody(await response.body.text(), response.statusCode)
    if (typeof response.headers.date === 'string') request.onDate?.(response.headers.date)
    return { statusCode: response.statusCode, body, request: { path: pathname } }
  }

  return {
    async send(request) {
      const controller = new AbortController()
      const giveUp = () => controller.abort()
      let timedOut = false
      const timer = setTimeout(() => {
        timedOut = true
        giveUp()
      }, request.timeoutMs)
      request.signal?.addEventListener('abort', giveUp)
      if (request.signal?.aborted) giveUp()
      try {
        return await exchange(request, controller.signal).catch((error) => {
          if (!request.idempotent || !isBroken(error)) throw error
          return exchange(request, controller.signal)
        })
      } catch (error) {
        throw noAnswerError(error, timedOut)
      } finally {
        clearTimeout(timer)
        request.signal?.removeEventListener('abort', giveUp)
      }
    },
    reconnect() {
      const old = pool
      pool = open()
      // It ends when the calls in flight on it have.
      old.close().catch(() => {})
    },
    close: () => pool.close(),
  }
}
