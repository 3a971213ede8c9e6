import type { SigningKey, SignOptions } from '../../token/signer.ts'

/** A place in a trace (W3C Trace Context §3.2.2). */
export interface TraceContext {
  /** 32 hexadecimal digits */
  traceId: string
  /** 16 hexadecimal digits */
  spanId: string
  traceFlags: number
}

/** How long a signature is wanted, and what observes it. */
export interface ObservedSignOptions extends SignOptions {
  /**
   * called with the correlation id of the call that asks for this signature, as it leaves: Vault's audit log has it,
   * and many signatures may share it
   */
  onCall?: (correlationId: string) => void
  /** place of the request in its trace, where it is traced */
  trace?: TraceContext | undefined
}

/** What counts signatures and calls. */
export interface SignObserver {
  /** signatures that wait, and calls in flight, now */
  changed(waiting: number, inFlight: number): void
  /** a call leaves: how many signatures it asks for, and the milliseconds that each of them has waited */
  sent(waitsMs: readonly number[]): void
  /** a call has ended: how many milliseconds it took, and `ok` or the code of what went wrong with all of it */
  answered(durationMs: number, code: string): void
}

/**
 * Records what Vault will be asked to sign, once for a call and its repetition. The call leaves when it is done; what it
 * throws refuses the call.
 *
 * @param deadline milliseconds of performance.now()
 */
export type RecordCall = (
  key: SigningKey,
  correlationId: string,
  digests: readonly Buffer[],
  deadline: number,
) => Promise<void>

/** The trace of a call to Vault. */
export interface CallTrace {
  /** `<trace id>-<span id>` of the call, in hexadecimal: Vault's audit log has it */
  correlationId: string
  /** @param code `ok` or the code of what went wrong */
  end(code: string): void
}

/** What traces calls to Vault. */
export interface CallTracer {
  /**
   * A call leaves for signatures.
   *
   * @param requests one for each signature: the place of its request, where that is sampled
   * @returns undefined when none is
   */
  call(key: SigningKey, requests: readonly (TraceContext | undefined)[]): CallTrace | undefined
}
