import { Type } from 'typebox'
import { textFault } from './clean-value.ts'
import { flag, number, optional } from './schema-types.ts'

const oneOf = (values: readonly string[], description: string, options: object = {}) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { description, ...options },
  )
// What has another form would be left out without a word.
const headers = { pattern: '^[^=,]+=[^,]+(,([^=,]+=[^,]+)?)*$' }
const attributes = { pattern: '^[^=,]+=[^=,]*(,([^=,]+=[^=,]*)?)*$' }
const forTraces = 'The same, for traces alone'
const protocols = ['http/protobuf', 'http/json']
const compressions = ['gzip', 'none']
const count = (standard: number, description: string) => number(1, 1_000_000, standard, description)
const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
]

/**
 * The variables of OpenTelemetry that Padlock follows, by their standard names and with their standard defaults
 * (OpenTelemetry specification, "Environment Variable Specification" and "OpenTelemetry Protocol Exporter").
 * Traces are on where an endpoint is set.
 */
export const tracingProperties = {
  OTEL_SDK_DISABLED: flag('true: no traces, whatever else is set'),
  OTEL_TRACES_EXPORTER: Type.Optional(
    oneOf(['otlp', 'none'], 'otlp: traces even without an endpoint, to localhost; none: no traces'),
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    'URL of an OpenTelemetry collector, which turns traces on; `/v1/traces` is added',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optional('The same as a whole URL, to which nothing is added'),
  OTEL_EXPORTER_OTLP_PROTOCOL: oneOf(protocols, 'Protocol to the collector', { default: 'http/protobuf' }),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: Type.Optional(oneOf(protocols, forTraces)),
  OTEL_EXPORTER_OTLP_HEADERS: optional('Headers for the collector, such as `authorization=…`', headers),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: optional('More of them, for traces alone', headers),
  OTEL_EXPORTER_OTLP_TIMEOUT: count(10_000, 'Milliseconds that the collector may take'),
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: forTraces }),
  ),
  OTEL_EXPORTER_OTLP_COMPRESSION: oneOf(compressions, 'Compression of what is sent', { default: 'none' }),
  OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: Type.Optional(oneOf(compressions, forTraces)),
  OTEL_EXPORTER_OTLP_CERTIFICATE: optional("PEM file of the CA of the collector's certificate"),
  OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: optional(forTraces),
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: optional('PEM file of a client certificate for the collector'),
  OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: optional(forTraces),
  OTEL_EXPORTER_OTLP_CLIENT_KEY: optional('PEM file of its private key'),
  OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: optional(forTraces),
  OTEL_SERVICE_NAME: optional('Name of the service in traces, in place of `padlock`'),
  OTEL_RESOURCE_ATTRIBUTES: optional(
    'More attributes of the service in traces, `key=value` with commas between',
    attributes,
  ),
  OTEL_TRACES_SAMPLER: oneOf(
    samplers,
    'Which requests are traced; `parentbased_…`: as the caller says, where it says',
    { default: 'parentbased_always_on' },
  ),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 1,
    description: 'The ratio of `…traceidratio`',
  }),
  OTEL_BSP_SCHEDULE_DELAY: count(5_000, 'Milliseconds between two exports'),
  OTEL_BSP_EXPORT_TIMEOUT: count(30_000, 'Milliseconds that an export may take, with its repetitions'),
  OTEL_BSP_MAX_QUEUE_SIZE: count(2_048, 'Spans that may wait for export; more are dropped'),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: count(512, 'Spans in one export'),
}

/** Variables that may not have passed the schema. */
type Unchecked = Readonly<Record<string, unknown>>

/** Whether traces are asked for. */
export function isTracingOn(config: Unchecked): boolean {
  if (String(config.OTEL_SDK_DISABLED) === 'true' || config.OTEL_TRACES_EXPORTER === 'none') {
    return false
  }
  return (
    config.OTEL_TRACES_EXPORTER === 'otlp' ||
    config.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined ||
    config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== undefined
  )
}

type Enumeration = { anyOf?: readonly { const?: unknown }[] }

/** The values of a variable that has a closed list of them, and of the switch. */
function choicesOf(name: string): readonly string[] | undefined {
  if (name === 'OTEL_SDK_DISABLED') {
    return ['true', 'false']
  }
  const schema = (tracingProperties as Record<string, Enumeration>)[name]
  return schema?.anyOf?.map((choice) => String(choice.const))
}

/**
 * Variables of traces whose value Padlock does not know, such as a sampler or a protocol that it does not have. They
 * are ignored with a warning (OpenTelemetry specification, "Environment Variable Specification", enumerations).
 */
export function unknownTracingValues(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(tracingProperties).filter((name) => {
    const value = env[name]?.toLowerCase()
    if (value === undefined || textFault(value) !== undefined) {
      return false
    }
    return value !== '' && choicesOf(name)?.includes(value) === false
  })
}

/**
 * The variables of traces that count: those of a closed list in lower case, without what Padlock does not know, and
 * none but the switches while traces are off. Other variables stay as they are.
 */
export function knownTracingValues(given: Record<string, string>): Record<string, string> {
  const unknown = unknownTracingValues(given)
  const known = Object.entries(given).flatMap(([name, value]) => {
    if (unknown.includes(name)) {
      return []
    }
    return [[name, choicesOf(name) === undefined ? value : value.toLowerCase()] as const]
  })
  const values = Object.fromEntries(known)
  if (isTracingOn(values)) {
    return values
  }
  const switches = ['OTEL_SDK_DISABLED', 'OTEL_TRACES_EXPORTER']
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => !(name in tracingProperties) || switches.includes(name)),
  )
}

/** What is wrong with the variables of traces taken together, each by its name. */
export function tracingProblems(config: Unchecked): string[] {
  const problems: string[] = []
  for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) {
    if (config[name] === undefined) {
      continue
    }
    const url = URL.parse(String(config[name]))
    if (url === null || !/^https?:$/.test(url.protocol)) {
      problems.push(`${name} must be an http or https URL`)
    } else if (url.username !== '' || url.password !== '') {
      problems.push(`${name} must not hold a user name or a password; OTEL_EXPORTER_OTLP_HEADERS may`)
    }
  }
  for (const part of ['OTLP', 'OTLP_TRACES']) {
    const [cert, key] = [`OTEL_EXPORTER_${part}_CLIENT_CERTIFICATE`, `OTEL_EXPORTER_${part}_CLIENT_KEY`]
    if ((config[cert] === undefined) !== (config[key] === undefined)) {
      problems.push(`${cert} and ${key} go together`)
    }
  }
  return problems
}

/** Variables of OpenTelemetry that are set and have no effect, such as those of metrics. */
export function unfollowedVariables(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).filter(
    (name) => name.startsWith('OTEL_') && env[name] !== '' && !(name in tracingProperties),
  )
}
