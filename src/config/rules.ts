import { refusedSwitches } from './platform-switches.ts'
import { proxyUrl } from './proxy.ts'
import type { Config } from './schema.ts'
import { tracingProblems } from './tracing.ts'
import { trustedProxiesFault } from './trusted-proxies.ts'
import { urlProblems } from './url-problems.ts'
import { vaultAuthProblems } from './vault-auth.ts'
import { vaultAddressProblems, vaultTlsProblems } from './vault-connection.ts'

/** Variables that may not have passed the schema: all faults are reported at once. */
export type Unchecked = Partial<Record<keyof Config, unknown>>

/** What is wrong with the address of a Redis, to stand behind the variable's name. */
export function redisUrlFault(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || !/^rediss?:$/.test(url.protocol)) {
    return 'must be a redis or rediss URL'
  }
  // ioredis takes options from it, such as `?tls=…`, before those that Padlock gives.
  return url.search === '' ? undefined : 'must have no options behind a question mark'
}

/** What one variable's schema cannot say: rules over several of them. */
export function ruleProblems(config: Unchecked): string[] {
  const problems = vaultAddressProblems(config)
  if (config.PADLOCK_REDIS_URL !== undefined) {
    const fault = redisUrlFault(String(config.PADLOCK_REDIS_URL))
    if (fault !== undefined) {
      problems.push(`PADLOCK_REDIS_URL ${fault}`)
    }
    if (config.PADLOCK_REDIS_URL_FILE !== undefined) {
      problems.push('set at most one of PADLOCK_REDIS_URL and PADLOCK_REDIS_URL_FILE')
    }
  }
  const adminPort = Number(config.PADLOCK_ADMIN_PORT ?? 0)
  if (adminPort !== 0 && adminPort === Number(config.PADLOCK_PORT)) {
    problems.push('PADLOCK_ADMIN_PORT must not be PADLOCK_PORT')
  }
  if ((config.PADLOCK_TLS_CERT_FILE === undefined) !== (config.PADLOCK_TLS_KEY_FILE === undefined)) {
    problems.push('PADLOCK_TLS_CERT_FILE and PADLOCK_TLS_KEY_FILE go together')
  }
  if (config.PADLOCK_TLS_CLIENT_CA_FILE !== undefined && config.PADLOCK_TLS_CERT_FILE === undefined) {
    problems.push('PADLOCK_TLS_CLIENT_CA_FILE needs PADLOCK_TLS_CERT_FILE and PADLOCK_TLS_KEY_FILE')
  }
  const proxies = config.PADLOCK_TRUST_PROXY
  const proxiesFault = proxies === undefined ? undefined : trustedProxiesFault(String(proxies))
  if (proxiesFault !== undefined) {
    problems.push(`PADLOCK_TRUST_PROXY ${proxiesFault}`)
  }
  if (Number(config.PADLOCK_DRAIN_DELAY_MS) >= Number(config.PADLOCK_GRACE_PERIOD_MS)) {
    problems.push('PADLOCK_DRAIN_DELAY_MS must be less than PADLOCK_GRACE_PERIOD_MS, of which it is a part')
  }
  if (String(config.PADLOCK_ISSUANCE_LOG_REQUIRED) === 'true' && config.PADLOCK_ISSUANCE_LOG === undefined) {
    problems.push('PADLOCK_ISSUANCE_LOG_REQUIRED needs PADLOCK_ISSUANCE_LOG')
  }
  const exactlyOne = (...names: (keyof Config)[]) => {
    if (names.filter((name) => config[name] !== undefined).length !== 1) {
      problems.push(`set exactly one of ${names.join(' and ')}`)
    }
  }
  exactlyOne('PADLOCK_CALLER_JWKS_URL', 'PADLOCK_CALLER_PUBLIC_KEY_FILE')
  if (config.PADLOCK_CALLER_JWKS_URL !== undefined) {
    const allowed = config.PADLOCK_ALLOW_INSECURE_JWKS
    problems.push(
      ...urlProblems(
        'PADLOCK_CALLER_JWKS_URL',
        config.PADLOCK_CALLER_JWKS_URL,
        'PADLOCK_ALLOW_INSECURE_JWKS',
        allowed,
      ),
    )
  }
  if (config.PADLOCK_CALLER_CACERT !== undefined && config.PADLOCK_CALLER_JWKS_URL === undefined) {
    problems.push('PADLOCK_CALLER_CACERT needs PADLOCK_CALLER_JWKS_URL')
  }
  // Often set for all programs of a machine: it counts where it would be used.
  const asksIssuer = URL.parse(String(config.PADLOCK_CALLER_JWKS_URL))?.protocol === 'https:'
  if (asksIssuer && config.HTTPS_PROXY !== undefined && proxyUrl(String(config.HTTPS_PROXY)) === undefined) {
    problems.push('HTTPS_PROXY must be an http or https URL without a path')
  }
  problems.push(...vaultAuthProblems(config))
  problems.push(...tracingProblems(config))
  return problems
}

/** Variables of Vault, Node and OpenSSL that Padlock does not follow, and must not seem to. */
export function unsupportedProblems(env: NodeJS.ProcessEnv): string[] {
  return [...refusedSwitches(env), ...vaultTlsProblems(env)]
}
