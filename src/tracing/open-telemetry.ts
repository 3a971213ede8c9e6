import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Link, ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { hrTime, parseTraceParent } from '@opentelemetry/core'
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { build } from '../build.ts'
import type { Config } from '../config/schema.ts'
import type { Log } from '../log.ts'
import type { SigningKey } from '../token/signer.ts'
import type { CallTrace, TraceContext } from '../vault/signing/observation.ts'
import { openExporter } from './exporter.ts'
import { SpanRequestTrace } from './request-trace.ts'
import { createSampler } from './sampler.ts'
import type { Tracing } from './tracing.ts'

const shutdownMs = 1_000
/** Any other is `_OTHER` (OpenTelemetry, "Semantic Conventions for HTTP Spans"). */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])
/** As many as a call to Vault may have signatures (PADLOCK_SIGN_BATCH_MAX). */
const maxLinks = 256

function callTrace(
  tracer: Tracer,
  key: SigningKey,
  requests: readonly (TraceContext | undefined)[],
): CallTrace | undefined {
  const links: Link[] = requests.filter((request) => request !== undefined).map((context) => ({ context }))
  if (links.length === 0) {
    return undefined
  }
  const attributes = {
    'padlock.signing_key': key.name,
    'padlock.key_version': key.version,
    'padlock.batch_size': requests.length,
  }
  // A trace of its own: a batch belongs to none of its requests more than to the others.
  const span = tracer.startSpan(
    'vault transit/sign',
    { kind: SpanKind.CLIENT, startTime: hrTime(), attributes, links },
    ROOT_CONTEXT,
  )
  const { traceId, spanId } = span.spanContext()
  return {
    correlationId: `${traceId}-${spanId}`,
    end(code) {
      if (code !== 'ok') {
        span.setAttribute('error.type', code)
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end(hrTime())
    },
  }
}

/** Attributes of the service (OpenTelemetry, "Service resource semantic conventions"), given without their prefix. */
const service = (attributes: Record<string, string>) =>
  resourceFromAttributes(
    Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`service.${name}`, value])),
  )

/** Traces by OpenTelemetry, sent by OTLP as the standard variables say. Its API's globals are left alone. */
export async function openTelemetry(config: Config, log: Log): Promise<Tracing> {
  const exporter = await openExporter(config, log)
  const own = { name: 'padlock', version: build.version, 'instance.id': randomUUID() }
  // What comes later wins.
  const resource = service(own)
    .merge(detectResources({ detectors: [resourceAttributesEnvDetector] }))
    .merge(service(config.OTEL_SERVICE_NAME === undefined ? {} : { name: config.OTEL_SERVICE_NAME }))
  const provider = new TracerProvider({
    resource,
    sampler: createSampler(config.OTEL_TRACES_SAMPLER, config.OTEL_TRACES_SAMPLER_ARG),
    spanLimits: { linkCountLimit: maxLinks },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: config.OTEL_BSP_SCHEDULE_DELAY,
        exportTimeoutMillis: config.OTEL_BSP_EXPORT_TIMEOUT,
        maxQueueSize: config.OTEL_BSP_MAX_QUEUE_SIZE,
        maxExportBatchSize: Math.min(config.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, config.OTEL_BSP_MAX_QUEUE_SIZE),
      }),
    ],
  })
  const tracer = provider.getTracer('padlock', build.version)
  return {
    request({ method, scheme, route, traceparent }) {
      // Not `tracestate`, nor `baggage`: a caller could have written anything into them.
      const parent = traceparent === undefined ? null : parseTraceParent(traceparent)
      const context =
        parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true })
      const known = methods.has(method)
      const name = [known ? method : 'HTTP', ...(route === undefined ? [] : [route])].join(' ')
      // Neither `url.path` nor `url.query`: a caller could have written anything into them, too.
      const attributes = {
        'http.request.method': known ? method : '_OTHER',
        'url.scheme': scheme,
        ...(route === undefined ? {} : { 'http.route': route }),
      }
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, startTime: hrTime(), attributes }, context)
      return new SpanRequestTrace(tracer, span)
    },
    call: (key, requests) => callTrace(tracer, key, requests),
    async shutdown() {
      const flushed = provider.shutdown().catch(() => undefined)
      await Promise.race([flushed, sleep(shutdownMs, undefined, { ref: false })])
    },
  }
}
