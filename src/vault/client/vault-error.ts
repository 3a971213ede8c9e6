import { type ErrorCode, PadlockError } from '../../errors.ts'
import { isBehind } from './read-your-writes.ts'

/**
 * A call to Vault that failed. `vaultStatus` is the HTTP status (undefined when no answer came) and
 * `vaultMessages` are Vault's own words, for an operator at a terminal: both stay out of logs and answers.
 * `passing` is true where the same call may succeed in a moment, on another connection or another node.
 */
export class VaultError extends PadlockError {
  declare readonly vaultStatus: number | undefined
  declare readonly vaultMessages: readonly string[]
  declare readonly passing: boolean

  constructor(
    code: ErrorCode,
    detail: string,
    status?: number,
    messages: readonly string[] = [],
    passing = false,
  ) {
    super(code, { detail })
    this.name = 'VaultError'
    Object.defineProperties(this, {
      vaultStatus: { value: status, enumerable: false },
      vaultMessages: { value: messages, enumerable: false },
      passing: { value: passing, enumerable: false },
    })
  }
}

/** A connection that was lost or not to be had, which another one may be. */
const lostConnection: ReadonlySet<unknown> = new Set([
  'UND_ERR_SOCKET',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
])

/** A call that got no answer, as a code of ours; of the cause only the system's code is kept. */
export function noAnswerError(error: unknown, timedOut: boolean): VaultError {
  if (error instanceof VaultError) {
    return error
  }
  if (timedOut) {
    return new VaultError('vault_timeout', 'Vault did not answer in time.')
  }
  const { name, code } = error as { name?: unknown; code?: unknown }
  if (name === 'AbortError') {
    return new VaultError('vault_timeout', 'The call to Vault was given up.')
  }
  // ECONNREFUSED, CERT_HAS_EXPIRED, ERR_TLS_CERT_ALTNAME_INVALID, ...: the most that is safe to show.
  const reason = typeof code === 'string' ? ` (${code})` : ''
  const passing = lostConnection.has(code)
  return new VaultError('vault_unavailable', `Vault cannot be reached${reason}.`, undefined, [], passing)
}

/** An answer of Vault's that is no success, as node-vault throws it, by a code of ours (Vault API, "HTTP Status Codes"). */
export function answerError(error: unknown): VaultError {
  if (error instanceof VaultError) {
    return error
  }
  const response = (error as { response?: { statusCode?: unknown; body?: { errors?: unknown } } }).response
  const status = response?.statusCode
  if (typeof status !== 'number') {
    return new VaultError('vault_unavailable', 'The call to Vault failed.')
  }
  const list = response?.body?.errors
  const messages = Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : []
  if (status === 503 && messages.some((message) => /sealed/i.test(message))) {
    return new VaultError('vault_sealed', 'Vault is sealed.', status, messages)
  }
  if (status === 403) {
    return new VaultError('vault_denied', 'Vault denied the call.', status, messages)
  }
  if (isBehind(status, response?.body)) {
    const detail = 'The node of Vault that answered is behind what was written before.'
    return new VaultError('vault_unavailable', detail, status, messages, true)
  }
  if (status === 429) {
    return new VaultError('vault_throttled', 'Vault limits the rate.', status, messages)
  }
  if (status >= 300 && status < 400) {
    return new VaultError('vault_unavailable', 'Vault redirected the call, which is not followed.', status)
  }
  if (status === 472 || status === 473 || status >= 500) {
    // A node that is about to step down, or that has no leader to forward to.
    return new VaultError('vault_unavailable', `Vault answered ${status}.`, status, messages, true)
  }
  return new VaultError('internal_error', `Vault refused the call with ${status}.`, status, messages)
}
