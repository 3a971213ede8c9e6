/*
 * Switches of Node and OpenSSL that change what Padlock promises. docs/tls.md, "Switches of the platform", has the
 * table of them. They protect against a setting that was inherited or forgotten: who may set variables of the process
 * may also run code in it.
 */

/** Options of Node, in NODE_OPTIONS or on its command line, with which Padlock does not start. */
const refusedOptions: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^--tls-min-v1\.[01]$/, 'it allows versions of TLS that are broken'],
  [/^--tls-cipher-list$/, 'it replaces the ciphers of TLS'],
  [/^--tls-keylog$/, 'it writes the keys of TLS sessions to a file'],
  [/^--trace-tls$/, 'it prints what TLS sends'],
  [/^--openssl-(shared-)?config$/, 'an OpenSSL configuration can weaken all of TLS'],
  [/^--insecure-http-parser$/, 'it lets a request be smuggled inside another'],
  [/^--security-reverts?$/, 'it undoes a security fix of Node'],
  [/^--abort-on-uncaught-exception$/, 'the core file that it leaves holds all of the memory'],
  [/^--inspect(-brk|-brk-node|-wait)?$/, 'a debugger can read keys and tokens, and run code'],
  [/^--heapsnapshot-(signal|near-heap-limit)$/, 'it writes all of the memory, tokens included, to a file'],
  [
    /^--report-(on-fatalerror|on-signal|uncaught-exception)$/,
    'its reports hold the variables, secrets included',
  ],
  [/^--experimental-(default-)?config-file$/, 'options in a file are not looked at'],
]

/** Options that are honoured and that an operator should know of. */
const reportedOptions =
  /^(--use-(system|openssl)-ca|--openssl-legacy-provider|--use-env-proxy|-r|--require|--import|--(experimental-)?loader)$/

interface RefusedVariable {
  name: string
  reason: string
  /** whether a value has the effect; without it, every one has */
  weakens?(value: string): boolean
}

/** Libraries that print secrets where the variable DEBUG names them. */
const debugged = ['ioredis', 'node-vault']

function namesLibrary(debug: string): boolean {
  return debug.split(/[\s,]+/).some((word) => {
    const [stem = '', ...more] = word.split('*')
    return debugged.some(
      (library) => (stem !== '' && stem.startsWith(library)) || (more.length > 0 && library.startsWith(stem)),
    )
  })
}

const refusedVariables: readonly RefusedVariable[] = [
  {
    name: 'NODE_TLS_REJECT_UNAUTHORIZED',
    reason: 'it turns off the check of certificates; unset it, and give the CA in VAULT_CACERT and its like',
    // Node looks for 0 alone; who writes `false` means the same.
    weakens: (value) => value !== '1',
  },
  { name: 'SSLKEYLOGFILE', reason: 'it asks for the keys of TLS sessions in a file' },
  { name: 'OPENSSL_CONF', reason: 'an OpenSSL configuration can weaken all of TLS' },
  { name: 'OPENSSL_MODULES', reason: "it replaces OpenSSL's own modules" },
  { name: 'OPENSSL_ENGINES', reason: "it replaces OpenSSL's own engines" },
  { name: 'NODE_DEBUG', reason: 'it prints headers and keys' },
  { name: 'NODE_DEBUG_NATIVE', reason: 'it prints headers and keys' },
  { name: 'DEBUG', reason: 'it prints commands to Redis and Vault, secrets included', weakens: namesLibrary },
]

/** Variables that are honoured, or have no effect that one could expect, and that an operator should know of. */
const reportedVariables = [
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
  'NODE_USE_ENV_PROXY',
  'ALL_PROXY',
  'all_proxy',
]
/** Node reads them only with --use-system-ca or --use-openssl-ca. */
const systemCaVariables = ['SSL_CERT_FILE', 'SSL_CERT_DIR']

/** Options by the name that Node's manual has: it takes `_` for `-`, and a value after `=`. */
function optionNames(env: NodeJS.ProcessEnv, execArgv: readonly string[]): string[] {
  const words = [...(env.NODE_OPTIONS ?? '').split(/\s+/), ...execArgv]
  return words
    .map((word) => word.replace(/["\\]/g, '').replace(/=.*$/s, ''))
    .filter((word) => word.startsWith('-'))
    .map((word) => word.replaceAll('_', '-'))
}

const isSet = (env: NodeJS.ProcessEnv, name: string): boolean => (env[name] ?? '') !== ''

/**
 * What Padlock does not start with, neither `serve` nor a command that opens a connection.
 *
 * @param execArgv options that Node was started with
 * @returns a sentence for each, with its name and without its value
 */
export function refusedSwitches(env: NodeJS.ProcessEnv, execArgv = process.execArgv): string[] {
  const variables = refusedVariables
    .filter(({ name, weakens }) => isSet(env, name) && (weakens?.(env[name] as string) ?? true))
    .map(({ name, reason }) => `${name} is not supported: ${reason}`)
  const options = [...new Set(optionNames(env, execArgv))].flatMap((option) => {
    const found = refusedOptions.find(([pattern]) => pattern.test(option))
    return found === undefined ? [] : [`${option} (NODE_OPTIONS) is not supported: ${found[1]}`]
  })
  return [...variables, ...options]
}

/**
 * What is set and changes whom Padlock trusts, or runs code beside it: names of variables and options for the log.
 *
 * @param execArgv options that Node was started with
 */
export function reportedSwitches(env: NodeJS.ProcessEnv, execArgv = process.execArgv): string[] {
  const options = [...new Set(optionNames(env, execArgv))].filter((option) => reportedOptions.test(option))
  const systemCa = options.some((option) => option.endsWith('-ca')) || env.NODE_USE_SYSTEM_CA === '1'
  const variables = [...reportedVariables, ...(systemCa ? systemCaVariables : [])]
  return [...variables.filter((name) => isSet(env, name)), ...options]
}
