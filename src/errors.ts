/**
 * The one list of what can go wrong, by code.
 *
 * `status` is the HTTP status of the answer (RFC 9110), `title` its short text (RFC 9457, the same for every
 * occurrence of a code), `retryAfter` the seconds after which a caller may try again (RFC 9110 §10.2.3).
 * No text here or in a PadlockError holds a userId, personal data, a token, a secret or Vault's own words.
 */
export const errorCodes = {
  invalid_json: { status: 400, title: 'The body is not acceptable JSON' },
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'A valid bearer token is required' },
  forbidden: { status: 403, title: 'The caller may not issue tokens for this profile' },
  not_found: { status: 404, title: 'There is nothing at this address' },
  profile_not_found: { status: 404, title: 'There is no such profile' },
  method_not_allowed: { status: 405, title: 'This method is not allowed here' },
  not_acceptable: { status: 406, title: 'No acceptable representation' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  user_id_shared: { status: 409, title: 'Too many recent tokens carry this userId' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  head_too_large: { status: 431, title: 'The address or the header fields are too large' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  rate_limited: { status: 429, title: 'Too many requests', retryAfter: 1 },
  internal_error: { status: 500, title: 'Internal error' },
  signature_invalid: { status: 502, title: 'The signature did not verify; no token was issued' },
  vault_unavailable: { status: 503, title: 'Vault cannot be reached', retryAfter: 2 },
  vault_sealed: { status: 503, title: 'Vault is sealed', retryAfter: 5 },
  vault_denied: { status: 503, title: 'Vault refused the service', retryAfter: 5 },
  vault_throttled: { status: 503, title: 'Vault limits the rate of the service', retryAfter: 1 },
  signing_key_missing: { status: 503, title: 'The signing key is not usable', retryAfter: 30 },
  profile_unusable: {
    status: 503,
    title: "The profile's settings or its recipient key are not usable",
    retryAfter: 30,
  },
  key_version_disabled: {
    status: 503,
    title: 'The pinned version of the signing key is disabled',
    retryAfter: 30,
  },
  overloaded: { status: 503, title: 'Too many requests wait for a signature', retryAfter: 1 },
  shutting_down: { status: 503, title: 'This instance is stopping', retryAfter: 1 },
  caller_keys_unavailable: {
    status: 503,
    title: "No usable key of the callers' issuer is known",
    retryAfter: 2,
  },
  issuance_log_unavailable: {
    status: 503,
    title: 'The issuance log cannot be written, without which no token may be issued',
    retryAfter: 5,
  },
  vault_timeout: { status: 504, title: 'Vault did not answer in time' },
} as const satisfies Record<string, { status: number; title: string; retryAfter?: number }>

export type ErrorCode = keyof typeof errorCodes

/** What can be wrong with a field of a request body: the codes in `errors` of `invalid_request`. */
export const fieldErrorCodes = [
  'required',
  'wrong_type',
  'unknown_property',
  'ext_id_not_allowed',
  'user_id_empty',
  'user_id_too_long',
  'user_id_whitespace',
  'user_id_control_character',
  'user_id_invisible_character',
  'user_id_replacement_character',
  'user_id_not_normalized',
  'user_id_placeholder',
  'user_id_pattern_mismatch',
  'too_long',
  'invalid_character',
] as const
export type FieldErrorCode = (typeof fieldErrorCodes)[number]

/** One fault of a request body: where (JSON Pointer, RFC 6901), which, and what to do about it. */
export interface FieldError {
  pointer: string
  code: FieldErrorCode
  detail: string
}

/** What a PadlockError may carry beside its code. */
export interface PadlockErrorOptions {
  /** a sentence for the caller; without it the code's title is used */
  detail?: string
  /** the faults of a body, for `invalid_request` */
  errors?: FieldError[]
  /** seconds, where more is known than the code's own value */
  retryAfter?: number
  cause?: unknown
}

/** An error with a code of the list above; the only kind that reaches a caller. */
export class PadlockError extends Error {
  readonly code: ErrorCode
  readonly errors: FieldError[] | undefined
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, options: PadlockErrorOptions = {}) {
    super(
      options.detail ?? errorCodes[code].title,
      options.cause === undefined ? {} : { cause: options.cause },
    )
    this.name = 'PadlockError'
    this.code = code
    this.errors = options.errors
    this.retryAfter = options.retryAfter ?? (errorCodes[code] as { retryAfter?: number }).retryAfter
  }

  get status(): number {
    return errorCodes[this.code].status
  }
}

/** The code of any error: `internal_error` for what is no PadlockError. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof PadlockError ? error.code : 'internal_error'
}

/**
 * Why a caller was refused: for Padlock's own log, metric and `padlock caller inspect`, never for the caller, who gets
 * one and the same answer. docs/callers.md has the cause and the fix of each.
 */
export const callerFaults = [
  'no_token',
  'malformed',
  'too_long',
  'algorithm',
  'critical_header',
  'token_type',
  'unknown_key',
  'ambiguous_key',
  'signature',
  'issuer',
  'audience',
  'subject_missing',
  'expiry_missing',
  'expired',
  'not_yet_valid',
  'life_too_long',
  'scope',
] as const
export type CallerFault = (typeof callerFaults)[number]

/** A caller that is refused: `forbidden` where its scope lacks the profile, `unauthenticated` for all else. */
export class CallerRefusedError extends PadlockError {
  declare readonly callerFault: CallerFault

  constructor(callerFault: CallerFault) {
    super(callerFault === 'scope' ? 'forbidden' : 'unauthenticated')
    // Not enumerable: it is in no answer.
    Object.defineProperty(this, 'callerFault', { value: callerFault, enumerable: false })
  }
}
