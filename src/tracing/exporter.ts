import type { SecureContextOptions } from 'node:tls'
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import { ConfigError } from '../config/config.ts'
import { TlsFileError } from '../config/pem-files.ts'
import type { Config } from '../config/schema.ts'
import type { Log } from '../log.ts'
import { verifiedTls } from '../outgoing/tls.ts'
import { type OutgoingTlsFiles, readOutgoingTls } from '../outgoing/tls-files.ts'

/** Logs when the collector starts or stops taking traces; never what it answered, nor the headers sent to it. */
class ReportingExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #log: Log
  #failing = false

  constructor(exporter: SpanExporter, log: Log) {
    this.#exporter = exporter
    this.#log = log
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#exporter.export(spans, (result) => {
      this.#report(result)
      done(result)
    })
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown()
  }

  async forceFlush(): Promise<void> {
    await this.#exporter.forceFlush?.()
  }

  #report({ code, error }: ExportResult): void {
    const failed = code !== ExportResultCode.SUCCESS
    if (failed === this.#failing) {
      return
    }
    this.#failing = failed
    const reason = (error as NodeJS.ErrnoException | undefined)?.code ?? error?.name
    if (failed) {
      this.#log.warn({ reason }, 'traces cannot be exported, and are dropped; tokens go on')
    } else {
      this.#log.info('traces are exported again')
    }
  }
}

type Name =
  | 'OTEL_EXPORTER_OTLP_CERTIFICATE'
  | 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE'
  | 'OTEL_EXPORTER_OTLP_CLIENT_KEY'

/** The TLS files for the collector: a variable for traces alone goes before the general one. */
function collectorTlsFiles(config: Config): OutgoingTlsFiles {
  const variable = (name: Name) => {
    const own = name.replace('OTLP_', 'OTLP_TRACES_') as Name
    return config[own] === undefined ? name : own
  }
  const variables = {
    ca: variable('OTEL_EXPORTER_OTLP_CERTIFICATE'),
    cert: variable('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE'),
    key: variable('OTEL_EXPORTER_OTLP_CLIENT_KEY'),
  }
  return {
    ...{ variables, caFile: config[variables.ca] },
    ...{ certFile: config[variables.cert], keyFile: config[variables.key] },
  }
}

/**
 * TLS options for the collector; the exporter itself would go on without a file that it cannot read.
 *
 * @throws ConfigError
 */
export function collectorTls(config: Config): SecureContextOptions {
  try {
    return readOutgoingTls(collectorTlsFiles(config))
  } catch (error) {
    throw error instanceof TlsFileError ? new ConfigError([error.message]) : error
  }
}

/**
 * The exporter of the protocol that the configuration names; where to, and with what, it reads from the environment.
 *
 * @throws ConfigError when a TLS file cannot be read
 */
export async function openExporter(config: Config, log: Log): Promise<SpanExporter> {
  const compression = (config.OTEL_EXPORTER_OTLP_TRACES_COMPRESSION ??
    config.OTEL_EXPORTER_OTLP_COMPRESSION) as never
  const httpAgentOptions = { keepAlive: true, ...collectorTls(config), ...verifiedTls }
  const protocol = config.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new ReportingExporter(new OTLPTraceExporter({ httpAgentOptions, compression }), log)
}
