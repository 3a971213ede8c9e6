import type { FastifyRequest } from 'fastify'
import { type ErrorCode, PadlockError } from '../../errors.ts'

/** Of the time that a request has: the answer itself takes the rest. */
const workShare = 0.95

/** @param requestMs milliseconds from the head of a request to the end of its answer */
export function startDeadline(requestMs: number) {
  return async (request: FastifyRequest): Promise<void> => {
    request.deadline = performance.now() + requestMs * workShare
  }
}

/**
 * The outcome of some work, or an error once its time is over. The work itself continues.
 *
 * @param deadline milliseconds of performance.now()
 * @throws PadlockError `code` at the deadline, or what the work throws
 */
export async function withinDeadline<T>(work: Promise<T>, deadline: number, code: ErrorCode): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new PadlockError(code)), Math.max(0, deadline - performance.now()))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
