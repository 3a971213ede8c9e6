import { Ajv } from 'ajv'
import { asGiven, withBaoVariables } from './bao-variables.ts'
import { cleanValue, textFault } from './clean-value.ts'
import { ruleProblems, type Unchecked, unsupportedProblems } from './rules.ts'
import { type Config, ConfigSchema } from './schema.ts'
import { knownTracingValues } from './tracing.ts'

/** A configuration that cannot be used: one line for each variable that is wrong. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

function withDefaults(given: Unchecked): Unchecked {
  const properties = Object.entries(ConfigSchema.properties as Record<string, { default?: unknown }>)
  return { ...Object.fromEntries(properties.map(([name, schema]) => [name, schema.default])), ...given }
}

interface SchemaFault {
  instancePath: string
  keyword: string
  message?: string
  params: Record<string, unknown>
}

// A value is never repeated: it may be a secret.
function schemaProblem(fault: SchemaFault, given: Unchecked): string | undefined {
  if (fault.keyword === 'required') {
    return `${fault.params.missingProperty} is required`
  }
  const name = fault.instancePath.slice(1) as keyof Config
  if (fault.keyword === 'type' && /^(tcp|udp|sctp):\/\//.test(String(given[name]))) {
    return (
      `${name} ${fault.message}: Kubernetes sets it to the address of a Service of that name; ` +
      `set enableServiceLinks: false in the pod, or ${name} itself`
    )
  }
  if (fault.keyword === 'anyOf') {
    const schema = ConfigSchema.properties[name] as { anyOf?: { const: string }[] }
    return `${name} must be one of ${schema.anyOf?.map((entry) => entry.const).join(', ')}`
  }
  return fault.keyword === 'const' ? undefined : `${name} ${fault.message}`
}

/** True for a variable whose value is the path of a file that Padlock reads. */
export const namesFile = (name: string): boolean =>
  name in ConfigSchema.properties && /(_FILE|_CERT|_CACERT|_KEY|_CERTIFICATE)$/.test(name)

/** The variables that are set, cleaned; those of proxies by one name, since most programs know them in lower case too. */
function givenValues(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).map(([name, value]) => [name, cleanValue(value ?? '')] as const)
  const given = Object.fromEntries(entries.filter(([, value]) => value !== ''))
  for (const name of ['HTTPS_PROXY', 'NO_PROXY']) {
    const value = given[name.toLowerCase()] ?? given[name]
    if (value !== undefined) {
      given[name] = value
    }
  }
  for (const [name, schema] of Object.entries(ConfigSchema.properties)) {
    const value = given[name]
    if ((schema as { type?: string }).type === 'boolean' && value !== undefined) {
      given[name] = value.toLowerCase()
    }
  }
  return knownTracingValues(given)
}

/** What was read, and what is wrong with it. */
interface ReadConfig {
  /** undefined where the schema does not hold */
  config: Config | undefined
  /** every value, of the type that it came in where it is wrong */
  values: Unchecked
  /** a line for each fault, by the variable's name */
  problems: string[]
}

/** Reads the configuration from environment variables, as `loadConfig` does, and goes on where something is wrong. */
export function readConfig(env: NodeJS.ProcessEnv): ReadConfig {
  const given = givenValues(withBaoVariables(env))
  const problems = unsupportedProblems(given)
  const faulty = Object.keys(ConfigSchema.properties).flatMap((name) => {
    const fault = textFault(given[name] ?? '')
    return fault === undefined ? [] : [{ name, line: `${name} ${fault}` }]
  })
  // Nothing more is said of a variable whose text is wrong.
  const isNew = (problem: string) => !faulty.some(({ name }) => problem.startsWith(`${name} `))
  const ajv = new Ajv({
    allErrors: true,
    coerceTypes: true,
    useDefaults: true,
    removeAdditional: 'all',
    validateSchema: false,
  })
  let config: Config | undefined
  const others: string[] = []
  const read = { ...given }
  if (ajv.validate<Config>(ConfigSchema, read)) {
    config = Object.freeze(read)
  } else {
    others.push(...(ajv.errors as SchemaFault[]).map((fault) => schemaProblem(fault, given) ?? ''))
  }
  const values = config ?? withDefaults(given)
  others.push(...ruleProblems(values))
  const lines = [...faulty.map(({ line }) => line), ...others.filter((line) => line !== '' && isNew(line))]
  return { config, values, problems: [...new Set([...problems, ...lines])] }
}

/** All that is wrong, each line once and by the variable's name as it was given. */
export const configError = (env: NodeJS.ProcessEnv, problems: readonly string[]): ConfigError =>
  new ConfigError([...new Set(problems)].map((problem) => asGiven(env, problem)))

/**
 * Reads the configuration from environment variables. An empty variable counts as not set; white space and quotes
 * around a value are taken away. Where a standard variable of Vault's command line is not set, OpenBao's takes its
 * place (`BAO_ADDR` for `VAULT_ADDR`).
 *
 * @returns a frozen object with the variables' own names and every default filled in
 * @throws ConfigError with all that is wrong, by the variables' names
 */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const { config, problems } = readConfig(env)
  if (config === undefined || problems.length > 0) {
    throw configError(env, problems)
  }
  return config
}

/** Variables of Kubernetes for a Service whose name begins with `padlock` (Kubernetes, "Accessing the Service"). */
const serviceLink = /_SERVICE_(HOST|PORT)(_|$)|_PORT(_\d+_(TCP|UDP|SCTP)(_|$)|$)/

/** Variables with Padlock's prefix that nothing reads: most likely misspelt. */
export function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).filter(
    (name) =>
      name.startsWith('PADLOCK_') &&
      !name.startsWith('PADLOCK_DEV_') &&
      !(name in ConfigSchema.properties) &&
      !serviceLink.test(name),
  )
}
