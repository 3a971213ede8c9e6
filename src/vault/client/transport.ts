import { setTimeout as sleep } from 'node:timers/promises'
import { type buildConnector, type Dispatcher, Pool } from 'undici'
import type { Log } from '../../log.ts'
import { type VaultAddress, vaultConnector } from './connector.ts'
import { isBehind, type ReadYourWrites } from './read-your-writes.ts'
import { noAnswerError, VaultError } from './vault-error.ts'

const connections = 64
/** Room for ten thousand profiles' names, or for as many versions of a key; to parse it takes about 0.1 s. */
const maxAnswerBytes = 8 * 1024 * 1024
/** Milliseconds that an idle connection is kept; Vault itself keeps one for five minutes. */
const idleMs = 60_000
/** How often a call is sent again to nodes that are behind, and the milliseconds before each time. */
const behindAttempts = 20
const behindPauseMs = 200
/** What only the root namespace has (Vault, "Root only API paths"; OpenBao alike); 400 or 404 in any other. */
const rootOnly = /^\/v1\/sys\/(health|audit|audit-hash\/.+|config\/auditing\/.+)$/

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

function parseBody(text: string, status: number): unknown {
  if (text === '') {
    return undefined
  }
  try {
    return JSON.parse(text)
  } catch {
    // What stands between, such as a balancer, refuses in words of its own: the status says enough.
    if (status >= 400) {
      return undefined
    }
    throw new VaultError('vault_unavailable', 'The answer did not come from Vault: it is not JSON.', status)
  }
}

/** A connection that broke after it had been opened: most often one that Vault closed as a call went out on it. */
const isBroken = (error: unknown): boolean =>
  ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes((error as { code: string }).code)

/** node-vault sets the namespace after all other headers: only here can it be left out. */
function headersFor(path: string, { headers, json }: TransportRequest): Record<string, string> {
  const { 'X-Vault-Namespace': namespace, ...others } = headers
  const sent = namespace === undefined || rootOnly.test(path) ? others : headers
  return json ? { ...sent, 'content-type': 'application/json' } : sent
}

/** What node-vault gets back. */
interface TransportAnswer {
  statusCode: number
  body: unknown
  request: { path: string }
}

/**
 * Carries calls to one address over kept-alive connections. It follows no redirect, takes no proxy from the
 * environment, reads 8 MiB of an answer at most, and sends an idempotent call once more when its connection broke. Paths
 * that only the root namespace has are asked there.
 */
export class Transport {
  readonly #origin: string
  readonly #connect: buildConnector.connector
  readonly #consistency: ReadYourWrites | undefined
  #pool: Pool

  /**
   * @param consistency for a read that must see what was written a moment ago, from whatever node of a cluster answers
   * @throws TlsFileError, which names the variable
   */
  constructor(where: VaultAddress, log?: Pick<Log, 'warn'>, consistency?: ReadYourWrites) {
    this.#origin = new URL(where.address).origin
    this.#connect = vaultConnector(where, log)
    this.#consistency = consistency
    this.#pool = this.#open()
  }

  /** @throws VaultError where no answer comes in time, or none of Vault's */
  async send(request: TransportRequest): Promise<TransportAnswer> {
    // Not AbortSignal.any and .timeout: ten times the processor time, and their timers stay until they are due.
    const controller = new AbortController()
    const giveUp = () => controller.abort()
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      giveUp()
    }, request.timeoutMs)
    request.signal?.addEventListener('abort', giveUp)
    if (request.signal?.aborted) {
      giveUp()
    }
    try {
      return await this.#exchangeUpToDate(request, controller.signal).catch((error) => {
        if (!request.idempotent || !isBroken(error)) {
          throw error
        }
        return this.#exchangeUpToDate(request, controller.signal)
      })
    } catch (error) {
      throw noAnswerError(error, timedOut)
    } finally {
      clearTimeout(timer)
      request.signal?.removeEventListener('abort', giveUp)
    }
  }

  /** Later calls go over new connections; those in flight end on their own. */
  reconnect(): void {
    const old = this.#pool
    this.#pool = this.#open()
    // It ends when the calls in flight on it have.
    old.close().catch(() => {})
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  #open(): Pool {
    return new Pool(this.#origin, {
      connections,
      maxResponseSize: maxAnswerBytes,
      keepAliveTimeout: idleMs,
      allowH2: false,
      connect: this.#connect,
    })
  }

  async #exchangeUpToDate(request: TransportRequest, signal: AbortSignal): Promise<TransportAnswer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#exchange(request, signal)
      const isLast = this.#consistency === undefined || attempt === behindAttempts
      if (isLast || !isBehind(answer.statusCode, answer.body)) {
        return answer
      }
      await sleep(behindPauseMs, undefined, { signal })
    }
  }

  async #exchange(request: TransportRequest, signal: AbortSignal): Promise<TransportAnswer> {
    const { pathname, search } = new URL(request.uri)
    const response = await this.#pool.request({
      method: request.method as Dispatcher.HttpMethod,
      path: pathname + search,
      headers: { ...headersFor(pathname, request), ...this.#consistency?.headers() },
      body: request.json ? JSON.stringify(request.json) : null,
      signal,
    })
    const body = parseBody(await response.body.text(), response.statusCode)
    if (typeof response.headers.date === 'string') {
      request.onDate?.(response.headers.date)
    }
    this.#consistency?.learn(response.headers['x-vault-index'], request.method === 'GET')
    return { statusCode: response.statusCode, body, request: { path: pathname } }
  }
}
