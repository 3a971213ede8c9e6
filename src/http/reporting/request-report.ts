import type { ServerResponse } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { type CallerFault, CallerRefusedError, type ErrorCode, errorCodes } from '../../errors.ts'

/** Asked for by probes and by Prometheus, all the time. */
export const quietRoutes: ReadonlySet<string> = new Set(['/health/live', '/health/ready', '/metrics'])

/** What is reported of a request: nothing of the visitor. */
export interface RequestReport {
  /** undefined where its caller hung up before an answer */
  status: number | undefined
  /** what went wrong; `not_ready` is no error of a request, but what `/health/ready` says */
  code: ErrorCode | 'aborted' | 'not_ready' | undefined
  /** why its caller was refused; in no answer */
  callerFault: CallerFault | undefined
  /** the caller's `sub` */
  sub: string | undefined
  profile: string | undefined
  auditId: string | undefined
  keyVersion: number | undefined
  correlationId: string | undefined
  signMs: number | undefined
}

/** What a request was answered, also where its caller had hung up by then: an error is one all the same. */
function answerOf({ failure, routeOptions }: FastifyRequest, answer: ServerResponse) {
  if (failure !== undefined) {
    return { code: failure.code, status: errorCodes[failure.code].status }
  }
  if (routeOptions.url === '/health/ready' && answer.statusCode === 503) {
    return { code: 'not_ready' as const, status: 503 }
  }
  return answer.writableFinished
    ? { code: undefined, status: answer.statusCode }
    : { code: 'aborted' as const, status: undefined }
}

/** The report of a request whose answer is closed. */
export function reportOf(request: FastifyRequest, answer: ServerResponse): RequestReport {
  const { failure, profileName, signing } = request
  // A refusal may be one too many of its address: then it is the cause of the answer.
  const refusal = [failure, failure?.cause].find((error) => error instanceof CallerRefusedError)
  // Undefined where it was refused before its caller was known.
  const caller: FastifyRequest['caller'] | undefined = request.caller
  return {
    ...answerOf(request, answer),
    callerFault: refusal?.callerFault,
    sub: caller?.sub,
    profile: profileName,
    auditId: signing?.auditId,
    keyVersion: signing?.keyVersion,
    correlationId: signing?.correlationId || undefined,
    signMs: signing?.signMs,
  }
}
