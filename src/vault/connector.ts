import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { buildConnector } from 'undici'
import { fileStamp } from '../file-stamp.ts'
import type { VaultAddress } from './client.ts'

const connectTimeoutMs = 5_000

/** Where a file that turned bad while Padlock runs is reported. */
export interface ConnectorLog {
  warn(fields: object, message: string): void
}

/**
 * Reads the TLS files and proves that they can be used.
 *
 * @throws Error of the system for a file that cannot be read, of OpenSSL for one that is not what it should be
 */
function readTlsFiles(where: VaultAddress): SecureContextOptions {
  const options: SecureContextOptions = {}
  if (where.caFile !== undefined) options.ca = readFileSync(where.caFile)
  if (where.certFile !== undefined) options.cert = readFileSync(where.certFile)
  if (where.keyFile !== undefined) options.key = readFileSync(where.keyFile)
  // OpenSSL passes over a CA file without a certificate in it, and then trusts nobody.
  if (options.ca !== undefined) new X509Certificate(options.ca as Buffer)
  createSecureContext(options)
  return options
}

/**
 * Opens connections to Vault, each with the TLS files as they stand at that moment, so that a renewed CA or
 * client certificate is taken up without a restart. Files that cannot be used leave the last good ones in use.
 *
 * HTTP/1.1 only: every connection serves one call at a time, so that giving up a call ends it at Vault too.
 *
 * @throws Error when the files cannot be used at start
 */
export function vaultConnector(where: VaultAddress, log?: ConnectorLog): buildConnector.connector {
  const files = [where.caFile, where.certFile, where.keyFile].filter((file) => file !== undefined)
  const connectorOf = (options: SecureContextOptions) =>
    buildConnector({
      ...options,
      timeout: connectTimeoutMs,
      allowH2: false,
      ...(where.serverName === undefined ? {} : { servername: where.serverName }),
    })
  let stamp = fileStamp(...files)
  let connect = connectorOf(readTlsFiles(where))
  return (options, callback) => {
    const now = fileStamp(...files)
    if (now !== stamp) {
      stamp = now
      try {
        connect = connectorOf(readTlsFiles(where))
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        log?.warn(
          { code },
          'the TLS files for Vault have changed and cannot be used; the last good ones stay',
        )
      }
    }
    connect(options, callback)
  }
}
