import { isIP } from 'node:net'
import type { Config } from './config.ts'
import { isLoopback } from './loopback.ts'
import { tracingProblems } from './tracing-config.ts'
import { vaultAuthProblems } from './vault-auth-config.ts'

/** Variables that may not have passed the schema: all that is wrong is told at once. */
export type Unchecked = Partial<Record<keyof Config, unknown>>

function isAddressOrCidr(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] as number
  return (
    most > 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
  )
}

function urlProblems(name: string, value: unknown, allowInsecure: string, allowed: unknown): string[] {
  const url = URL.parse(String(value))
  if (url === null || !/^https?:$/.test(url.protocol)) return [`${name} must be an http or https URL`]
  if (url.username !== '' || url.password !== '') return [`${name} must not hold a user name or a password`]
  if (url.protocol === 'http:' && !isLoopback(url) && String(allowed) !== 'true') {
    return [`${name} is plain HTTP off the loopback; use https, or set ${allowInsecure}=true`]
  }
  return []
}

/** What one variable's schema cannot say: rules over several of them. */
export function ruleProblems(config: Unchecked): string[] {
  const problems = urlProblems(
    'VAULT_ADDR',
    config.VAULT_ADDR,
    'PADLOCK_ALLOW_INSECURE_VAULT',
    config.PADLOCK_ALLOW_INSECURE_VAULT,
  )
  const vault = URL.parse(String(config.VAULT_ADDR))
  if (vault !== null && problems.length === 0 && vault.pathname + vault.search + vault.hash !== '/') {
    problems.push('VAULT_ADDR must hold nothing but scheme, host and port')
  }
  if (config.PADLOCK_REDIS_URL !== undefined) {
    if (!/^rediss?:$/.test(URL.parse(String(config.PADLOCK_REDIS_URL))?.protocol ?? '')) {
      problems.push('PADLOCK_REDIS_URL must be a redis or rediss URL')
    }
    if (config.PADLOCK_REDIS_URL_FILE !== undefined) {
      problems.push('set at most one of PADLOCK_REDIS_URL and PADLOCK_REDIS_URL_FILE')
    }
  }
  if ((config.PADLOCK_TLS_CERT_FILE === undefined) !== (config.PADLOCK_TLS_KEY_FILE === undefined)) {
    problems.push('PADLOCK_TLS_CERT_FILE and PADLOCK_TLS_KEY_FILE go together')
  }
  if (config.PADLOCK_TLS_CLIENT_CA_FILE !== undefined && config.PADLOCK_TLS_CERT_FILE === undefined) {
    problems.push('PADLOCK_TLS_CLIENT_CA_FILE needs PADLOCK_TLS_CERT_FILE and PADLOCK_TLS_KEY_FILE')
  }
  const proxies = String(config.PADLOCK_TRUST_PROXY ?? '127.0.0.1').split(',')
  if (!proxies.every((proxy) => isAddressOrCidr(proxy.trim()))) {
    problems.push('PADLOCK_TRUST_PROXY must be addresses or CIDRs with commas between them')
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
  problems.push(...vaultAuthProblems(config))
  if ((config.VAULT_CLIENT_CERT === undefined) !== (config.VAULT_CLIENT_KEY === undefined)) {
    problems.push('VAULT_CLIENT_CERT and VAULT_CLIENT_KEY go together')
  }
  problems.push(...tracingProblems(config))
  return problems
}

/** Standard variables of Vault's own that Padlock does not follow, and must not seem to. */
export function unsupportedProblems(env: NodeJS.ProcessEnv): string[] {
  const problems: string[] = []
  if (env.VAULT_SKIP_VERIFY !== undefined) {
    problems.push(
      "VAULT_SKIP_VERIFY is not supported: whoever stands between could sign in Vault's place; give the CA in VAULT_CACERT",
    )
  }
  if (env.VAULT_CAPATH !== undefined && env.VAULT_CACERT === undefined) {
    problems.push('VAULT_CAPATH is not supported: give one PEM file in VAULT_CACERT')
  }
  return problems
}
