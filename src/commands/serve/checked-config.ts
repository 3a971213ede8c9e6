import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { credentialFault, textFault } from '../../config/clean-value.ts'
import { ConfigError, configError, namesFile, readConfig } from '../../config/config.ts'
import { readCas, readCertificates, readNamedFile, readPair, TlsFileError } from '../../config/pem-files.ts'
import type { Unchecked } from '../../config/rules.ts'
import type { Config } from '../../config/schema.ts'
import { isTracingOn } from '../../config/tracing.ts'
import { serviceAccountFile } from '../../vault/login/jwt.ts'
import { openCallerKeyFile, redisUrl } from './resources.ts'

/** Files of CAs; true where a self-signed server may stand in its CA's place. */
const caFiles: readonly (readonly [name: string, selfSigned: boolean])[] = [
  ['PADLOCK_TLS_CLIENT_CA_FILE', false],
  ['VAULT_CACERT', true],
  ['PADLOCK_CALLER_CACERT', true],
  ['OTEL_EXPORTER_OTLP_CERTIFICATE', true],
  ['OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE', true],
]

const pairs = [
  ['PADLOCK_TLS_CERT_FILE', 'PADLOCK_TLS_KEY_FILE'],
  ['VAULT_CLIENT_CERT', 'VAULT_CLIENT_KEY'],
  ['OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CLIENT_KEY'],
  ['OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE', 'OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY'],
] as const

const credentialFiles = [
  'PADLOCK_VAULT_ROLE_ID_FILE',
  'PADLOCK_VAULT_SECRET_ID_FILE',
  'PADLOCK_VAULT_SECRET_ID_WRAPPED_FILE',
  'PADLOCK_VAULT_JWT_FILE',
  'VAULT_TOKEN_FILE',
]

/** The issuance log must be one that can be opened; nothing is made here. */
function issuanceLogFault(path: unknown): string | undefined {
  if (typeof path !== 'string' || path === 'stdout' || textFault(path) !== undefined) {
    return undefined
  }
  try {
    const there = existsSync(path)
    if (there && statSync(path).isDirectory()) {
      return 'PADLOCK_ISSUANCE_LOG cannot be opened (EISDIR)'
    }
    accessSync(there ? path : dirname(path), constants.W_OK)
    return undefined
  } catch (error) {
    return `PADLOCK_ISSUANCE_LOG cannot be opened (${(error as NodeJS.ErrnoException).code})`
  }
}

/**
 * Reads every file that the variables name, whatever else is wrong with them.
 *
 * @returns a line for each fault, by the variable's name; nothing that a file holds is repeated
 */
async function fileFaults(values: Unchecked): Promise<string[]> {
  const faults: string[] = []
  const attempt = async (work: () => unknown) => {
    try {
      await work()
    } catch (error) {
      if (error instanceof ConfigError) {
        faults.push(...error.problems)
      } else if (error instanceof TlsFileError) {
        faults.push(error.message)
      } else {
        throw error
      }
    }
  }
  const texts = new Map<string, string>()
  for (const [name, path] of Object.entries(values)) {
    if (!namesFile(name) || typeof path !== 'string' || textFault(path) !== undefined) {
      continue
    }
    if (name.startsWith('OTEL_') && !isTracingOn(values)) {
      continue
    }
    await attempt(() => texts.set(name, readNamedFile(name, path)))
  }
  for (const [name, selfSigned] of caFiles) {
    const text = texts.get(name)
    if (text !== undefined) {
      await attempt(() => readCas(name, text, selfSigned))
    }
  }
  for (const [certName, keyName] of pairs) {
    const [cert, key] = [texts.get(certName), texts.get(keyName)]
    if (cert !== undefined && key !== undefined) {
      await attempt(() => readPair({ cert: certName, key: keyName }, { cert, key }))
    } else if (cert !== undefined) {
      await attempt(() => readCertificates(certName, cert, /PRIVATE KEY$/))
    }
  }
  for (const name of credentialFiles) {
    const fault = texts.has(name) ? credentialFault(texts.get(name) as string) : undefined
    if (fault !== undefined) {
      faults.push(`the file of ${name} ${fault}`)
    }
  }
  if (values.PADLOCK_VAULT_AUTH === 'kubernetes' && values.PADLOCK_VAULT_JWT_FILE === undefined) {
    await attempt(() =>
      readNamedFile(`PADLOCK_VAULT_JWT_FILE is not set, and ${serviceAccountFile}`, serviceAccountFile),
    )
  }
  if (texts.has('PADLOCK_CALLER_PUBLIC_KEY_FILE')) {
    await attempt(() => openCallerKeyFile(values.PADLOCK_CALLER_PUBLIC_KEY_FILE as string))
  }
  if (texts.has('PADLOCK_REDIS_URL_FILE')) {
    await attempt(() => redisUrl(values as Config))
  }
  const log = issuanceLogFault(values.PADLOCK_ISSUANCE_LOG)
  return log === undefined ? faults : [...faults, log]
}

/**
 * Reads the configuration and every file that it names.
 *
 * @throws ConfigError with all that is wrong, in one go
 */
export async function checkedConfig(env: NodeJS.ProcessEnv): Promise<Config> {
  const { config, values, problems } = readConfig(env)
  const all = [...problems, ...(await fileFaults(values))]
  if (config === undefined || all.length > 0) {
    throw configError(env, all)
  }
  return config
}
