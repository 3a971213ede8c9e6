import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorCodes, type FieldError, PadlockError } from '../../errors.ts'

/** RFC 9457 problem details; `code` is what programs should look at. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  code: ErrorCode
  requestId: string
  errors?: FieldError[]
}

/** What every problem is sent with: nobody keeps it, or takes it for something else. */
const problemHeaders = {
  'Content-Type': 'application/problem+json',
  'Cache-Control': 'no-store',
}

/** Fastify's own refusals as codes of ours. */
const fastifyCodes: ReadonlyMap<unknown, ErrorCode> = new Map(
  Object.entries<ErrorCode>({
    FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
    FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
    FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
    FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
    FST_ERR_BAD_URL: 'not_found',
    FST_ERR_MAX_PARAM_LENGTH: 'not_found',
    FST_ERR_NOT_FOUND: 'not_found',
    FST_STATIC_FORBIDDEN_PATH: 'not_found',
    FST_STATIC_INVALID_REDIRECT_URL: 'not_found',
  }),
)

/** Any error as a PadlockError; what is not known becomes `internal_error` and says nothing of itself. */
export function asPadlockError(error: unknown): PadlockError {
  if (error instanceof PadlockError) {
    return error
  }
  const { code, statusCode = 500 } = (error ?? {}) as Partial<FastifyError>
  const known = fastifyCodes.get(code)
  if (known !== undefined) {
    return new PadlockError(known)
  }
  // Whatever else Fastify, or a plug-in for it, finds wrong with a request.
  if (/^FST_/.test(String(code)) && statusCode >= 400 && statusCode < 500) {
    return new PadlockError('invalid_request')
  }
  return new PadlockError('internal_error', { cause: error })
}

/** The problem details of an error (RFC 9457 §3). */
export function problemOf(error: PadlockError, requestId: string): Problem {
  const { title, status } = errorCodes[error.code]
  return {
    type: `urn:padlock:error:${error.code}`,
    title,
    status,
    // An internal error's message is the program's, not the caller's.
    detail: error.code === 'internal_error' ? title : error.message,
    code: error.code,
    requestId,
    ...(error.errors === undefined ? {} : { errors: error.errors }),
  }
}

/**
 * A problem for where there is no route to answer it: its whole body, and all headers that an answer of a route has.
 *
 * @param headers what every answer of the service has
 */
export function bareProblem(error: PadlockError, requestId: string, headers: Record<string, string>) {
  const body = JSON.stringify(problemOf(error, requestId))
  return {
    body,
    headers: {
      ...headers,
      ...problemHeaders,
      'X-Request-Id': requestId,
      ...(error.retryAfter === undefined ? {} : { 'Retry-After': String(Math.ceil(error.retryAfter)) }),
      // With its length the answer leaves in one write, which is most of what it costs.
      'Content-Length': String(Buffer.byteLength(body)),
    },
  }
}

/** RFC 6750 §3 and §3.1: no `error` where no bearer token came, for example only a password. */
function challenge(error: PadlockError, request: FastifyRequest): string | undefined {
  if (error.code === 'forbidden') {
    return 'Bearer error="insufficient_scope"'
  }
  if (error.code !== 'unauthenticated') {
    return undefined
  }
  return /^Bearer +./i.test(request.headers.authorization ?? '') ? 'Bearer error="invalid_token"' : 'Bearer'
}

/** Answers with an error as application/problem+json. */
export function sendProblem(error: PadlockError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  request.failure = error
  if (error.code === 'internal_error') {
    // Only the kind and the place: a message, of one line or of several, could hold what a caller sent.
    const cause = error.cause instanceof Error ? error.cause : error
    const stack = cause.stack
      ?.match(/^ {4}at .*$/gm)
      ?.slice(0, 5)
      .join('\n')
    request.log.error(
      { errorName: cause.name, errorCode: (cause as { code?: unknown }).code, stack },
      'internal error',
    )
  }
  const authenticate = challenge(error, request)
  if (authenticate !== undefined) {
    reply.header('WWW-Authenticate', authenticate)
  }
  if (error.retryAfter !== undefined) {
    reply.header('Retry-After', Math.ceil(error.retryAfter))
  }
  return reply
    .code(error.status)
    .headers(problemHeaders)
    .serializer(JSON.stringify)
    .header('X-Request-Id', request.id)
    .send(problemOf(error, request.id))
}

/**
 * Answers every error of an app as a problem.
 *
 * @param countRefusal counts answers of 401 and 404; what it throws is answered in their place
 */
export function answerProblems(
  app: FastifyInstance,
  countRefusal: (request: FastifyRequest, refusal: PadlockError) => Promise<void>,
): void {
  app.setErrorHandler(async (error, request, reply) => {
    // Its body will never be whole, and nobody is there to get an answer.
    if (request.raw.aborted) {
      return reply.hijack()
    }
    let problem = asPadlockError(error)
    if (problem.status === 401 || problem.status === 404) {
      await countRefusal(request, problem).catch((limited: unknown) => {
        problem = asPadlockError(limited)
      })
    }
    return sendProblem(problem, request, reply)
  })
}
