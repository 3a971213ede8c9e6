import { buildConnector } from 'undici'
import type { Log } from '../../log.ts'
import { verifiedTls } from '../../outgoing/tls.ts'
import { outgoingTls } from '../../outgoing/tls-files.ts'

/** Where Vault is and how it is trusted. */
export interface VaultAddress {
  /** scheme, host and port */
  address: string
  namespace?: string | undefined
  /** PEM files: the CA that signed Vault's certificate, and this client's own certificate and key */
  caFile?: string | undefined
  certFile?: string | undefined
  keyFile?: string | undefined
  /** the name in Vault's certificate, where it is not the address's host */
  serverName?: string | undefined
}

const connectTimeoutMs = 5_000

/** The variables that name Vault's TLS files, as `vault` has them. */
export const vaultTlsVariables = { ca: 'VAULT_CACERT', cert: 'VAULT_CLIENT_CERT', key: 'VAULT_CLIENT_KEY' }

/**
 * Opens connections to Vault, each with the TLS files as they stand at that moment, so that a renewed CA or
 * client certificate is taken up without a restart. Files that cannot be used leave the last good ones in use.
 *
 * HTTP/1.1 only: every connection serves one call at a time, so that giving up a call ends it at Vault too.
 *
 * @throws TlsFileError when the files cannot be used at start
 */
export function vaultConnector(where: VaultAddress, log?: Pick<Log, 'warn'>): buildConnector.connector {
  const { caFile, certFile, keyFile, serverName } = where
  const tls = outgoingTls({ caFile, certFile, keyFile, variables: vaultTlsVariables }, log)
  const connectorOf = () =>
    buildConnector({
      ...options,
      ...verifiedTls,
      timeout: connectTimeoutMs,
      allowH2: false,
      ...(serverName === undefined ? {} : { servername: serverName }),
    })
  let options = tls.current()
  let connect = connectorOf()
  return (request, callback) => {
    const now = tls.current()
    if (now !== options) {
      options = now
      connect = connectorOf()
    }
    connect(request, callback)
  }
}
