import type { CallTracer, TraceContext } from '../vault/signing/observation.ts'

/** How a request began. */
export interface RequestStart {
  method: string
  scheme: 'http' | 'https'
  /** as it is declared, with the names of its parameters */
  route: string | undefined
  /** the caller's place in its trace (W3C Trace Context §3.2), if it sent one */
  traceparent: string | undefined
}

/** How a request ended, as far as a trace may tell: nothing of the visitor, nor who called. */
export interface RequestEnd {
  /** undefined when the caller hung up before an answer */
  status: number | undefined
  requestId: string
  /** of the contract, or `aborted` */
  code?: string | undefined
  profile?: string | undefined
  keyVersion?: number | undefined
}

/** The trace of a request; its steps come one after another. */
export interface RequestTrace {
  readonly context: TraceContext
  /** where a call to Vault that asks for this request's signature links to; undefined when the request is not sampled */
  readonly link: TraceContext | undefined
  /** a signature is asked for, and waits for a call to Vault */
  queued(): void
  /** the call has left; its correlation id is the one that CallTrace gave, or none of a trace */
  sent(correlationId: string): void
  /** the signature is there, or will not come */
  signed(): void
  /** traces a step that is work of this process */
  readonly step: <T>(name: string, work: () => Promise<T>) => Promise<T>
  end(outcome: RequestEnd): void
}

/** Traces of requests and of the calls to Vault that many of them share. */
export interface Tracing extends CallTracer {
  request(start: RequestStart): RequestTrace
  /** Sends what is left, within a second. Never throws. */
  shutdown(): Promise<void>
}
