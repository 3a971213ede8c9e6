import { type Context, ROOT_CONTEXT, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { hrTime } from '@opentelemetry/core'
import type { TraceContext } from '../vault/signing/observation.ts'
import type { RequestEnd, RequestTrace } from './tracing.ts'

const correlationIdPattern = /^([0-9a-f]{32})-([0-9a-f]{16})$/

// Every time is given: OpenTelemetry would begin each span at a whole millisecond.

/** A request's span and, below it, one after another: `queue`, `sign`, and the steps of this process. */
export class SpanRequestTrace implements RequestTrace {
  readonly context: TraceContext
  readonly link: TraceContext | undefined
  readonly #tracer: Tracer
  readonly #span: Span
  readonly #below: Context
  #signing: Span | undefined

  constructor(tracer: Tracer, span: Span) {
    this.#tracer = tracer
    this.#span = span
    this.#below = trace.setSpan(ROOT_CONTEXT, span)
    this.context = span.spanContext()
    this.link = span.isRecording() ? this.context : undefined
  }

  queued(): void {
    this.#signing = this.#start('queue')
  }

  sent(correlationId: string): void {
    if (this.link === undefined) {
      return
    }
    this.signed()
    this.#signing = this.#start('sign')
    const [, traceId, spanId] = correlationIdPattern.exec(correlationId) ?? []
    if (traceId === undefined || spanId === undefined) {
      return
    }
    this.#signing?.addLink({ context: { traceId, spanId, traceFlags: 1 } })
    this.#signing?.setAttribute('padlock.correlation_id', correlationId)
  }

  signed(): void {
    this.#signing?.end(hrTime())
    this.#signing = undefined
  }

  readonly step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const span = this.#start(name)
    try {
      return await work()
    } finally {
      span?.end(hrTime())
    }
  }

  end({ status, requestId, code, profile, keyVersion }: RequestEnd): void {
    this.signed()
    const span = this.#span
    span.setAttribute('padlock.request_id', requestId)
    if (status !== undefined) {
      span.setAttribute('http.response.status_code', status)
    }
    if (profile !== undefined) {
      span.setAttribute('padlock.profile', profile)
    }
    if (keyVersion !== undefined) {
      span.setAttribute('padlock.key_version', keyVersion)
    }
    if (code !== undefined) {
      span.setAttribute('error.type', code)
    }
    if (status !== undefined && status >= 500) {
      span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end(hrTime())
  }

  #start(name: string): Span | undefined {
    return this.link === undefined
      ? undefined
      : this.#tracer.startSpan(name, { startTime: hrTime() }, this.#below)
  }
}
