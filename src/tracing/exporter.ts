import { readFileSync } from 'node:fs'
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import type { FastifyBaseLogger } from 'fastify'
import { type Config, ConfigError } from '../config.ts'

/** Tells the log when the collector begins or ceases to take traces; never what it said, nor the headers sent to it. */
class ReportingExporter implements SpanExporter {
  readonly #exporter: SpanExporter
  readonly #log: FastifyBaseLogger
  #failing = false

  constructor(exporter: SpanExporter, log: FastifyBaseLogger) {
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
    if (failed === this.#failing) return
    this.#failing = failed
    const reason = (error as NodeJS.ErrnoException | undefined)?.code ?? error?.name
    if (failed) this.#log.warn({ reason }, 'traces cannot be exported, and are dropped; tokens go on')
    else this.#log.info('traces are exported again')
  }
}

const files = [
  'OTEL_EXPORTER_OTLP_CERTIFICATE',
  'OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE',
  'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE',
  'OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE',
  'OTEL_EXPORTER_OTLP_CLIENT_KEY',
  'OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY',
] as const

/** The exporter itself would go on without a file that it cannot read. */
function checkFiles(config: Config): void {
  const problems: string[] = []
  for (const name of files) {
    try {
      if (config[name] !== undefined) readFileSync(config[name])
    } catch (error) {
      problems.push(`${name} cannot be read (${(error as NodeJS.ErrnoException).code})`)
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
}

/**
 * The exporter of the protocol that the configuration names; where to, and with what, it reads from the environment.
 *
 * @throws ConfigError when a TLS file cannot be read
 */
export async function openExporter(config: Config, log: FastifyBaseLogger): Promise<SpanExporter> {
  checkFiles(config)
  const protocol = config.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new ReportingExporter(new OTLPTraceExporter(), log)
}
