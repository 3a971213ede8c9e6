import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Test } from 'tap'
import { standIn } from './stand-in.ts'

/** A span as OTLP's JSON has it, with its attributes as an object. */
export interface ReceivedSpan {
  traceId: string
  spanId: string
  parentSpanId: string
  name: string
  /** 1 internal, 2 server, 3 client */
  kind: number
  start: bigint
  end: bigint
  links: { traceId: string; spanId: string }[]
  attributes: Record<string, unknown>
  traceState: string
  /** code: 0 unset, 2 error */
  status: { code?: number }
}

interface OtlpAttribute {
  key: string
  value: Record<string, unknown>
}

export interface OtlpReceiver {
  /** for OTEL_EXPORTER_OTLP_ENDPOINT */
  url: string
  /** what came: path, type and body */
  exports: { path: string; type: string; body: Buffer }[]
  /** all spans that came as JSON */
  spans(): ReceivedSpan[]
  /** attributes of the service, as the last export has them */
  resource(): Record<string, unknown>
}

const attributesOf = (list: OtlpAttribute[] = []) =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]))

// biome-ignore lint/suspicious/noExplicitAny: OTLP's own form.
function spanOf(span: any): ReceivedSpan {
  return {
    ...span,
    parentSpanId: span.parentSpanId ?? '',
    traceState: span.traceState ?? '',
    links: span.links ?? [],
    status: span.status ?? {},
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    attributes: attributesOf(span.attributes),
  }
}

/** Takes traces by OTLP over HTTP, as a collector does (OpenTelemetry Protocol, "OTLP/HTTP"). It ends with the test. */
export async function otlpReceiver(t: Pick<Test, 'teardown'>): Promise<OtlpReceiver> {
  const exports: OtlpReceiver['exports'] = []
  const { url } = await standIn(t, async (request: IncomingMessage, response) => {
    const type = request.headers['content-type'] ?? ''
    exports.push({ path: request.url ?? '', type, body: await buffer(request) })
    response.writeHead(200, { 'content-type': type })
    response.end(type === 'application/json' ? '{}' : '')
  })
  const resourceSpans = () =>
    exports
      .filter(({ type }) => type === 'application/json')
      .flatMap(({ body }) => JSON.parse(body.toString()).resourceSpans)
  return {
    url,
    exports,
    spans: () =>
      resourceSpans()
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans)
        .map(spanOf),
    resource: () => attributesOf(resourceSpans().at(-1)?.resource.attributes),
  }
}

/** A caller's own span, as it sends it on in `traceparent`; flags 01: sampled. */
export function callerSpan(flags = '01') {
  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` }
}
