import { constants, type X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import {
  isGoodNow,
  readCas,
  readNamedFile,
  readPair,
  requireGoodCa,
  TlsFileError,
  type Validity,
  validityOf,
} from '../../config/pem-files.ts'

/** PEM files of the listener. */
export interface TlsFiles {
  certFile: string
  keyFile: string
  /** the CAs whose clients may connect; undefined to ask nobody for a certificate */
  clientCaFile?: string | undefined
}

/** What the files held when they were read. */
export interface TlsMaterial {
  context: SecureContextOptions
  /** of the server's whole chain */
  server: Validity
  clientCas?: readonly X509Certificate[]
}

const variables = {
  cert: 'PADLOCK_TLS_CERT_FILE',
  key: 'PADLOCK_TLS_KEY_FILE',
  clientCa: 'PADLOCK_TLS_CLIENT_CA_FILE',
}

/** TLS 1.2 and 1.3 with forward secrecy and authenticated encryption alone (RFC 9325 §4.2). */
const protocol: SecureContextOptions = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE+AESGCM',
    'ECDHE+CHACHA20',
  ].join(':'),
  // TLS 1.2 lets a client ask for handshake after handshake; nothing here needs a second one.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
}

/** The time in which all CAs that are good now stay good: one that has ended, beside a newer one, locks nobody out. */
export function clientCaValidity(cas: readonly X509Certificate[]): Validity {
  const good = cas.filter((ca) => isGoodNow(validityOf([ca])))
  return validityOf(good.length > 0 ? good : cas)
}

/**
 * Reads the files and proves that they can be used together. Their times are not looked at: `requireGoodNow` does that.
 *
 * @throws TlsFileError
 */
export function readTlsFiles({ certFile, keyFile, clientCaFile }: TlsFiles): TlsMaterial {
  const cert = readNamedFile(variables.cert, certFile)
  const key = readNamedFile(variables.key, keyFile)
  const chain = readPair(variables, { cert, key })
  const ca = clientCaFile === undefined ? undefined : readNamedFile(variables.clientCa, clientCaFile)
  const clientCas = ca === undefined ? undefined : readCas(variables.clientCa, ca, false)
  const context = { ...protocol, cert, key, ...(ca === undefined ? {} : { ca }) }
  try {
    createSecureContext(context)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new TlsFileError(
      `OpenSSL does not accept ${variables.cert}, ${variables.key} and their like (${code})`,
    )
  }
  return { context, server: validityOf(chain), ...(clientCas && { clientCas }) }
}

/**
 * Refuses what nobody could connect with now.
 *
 * @throws TlsFileError
 */
export function requireGoodNow({ server, clientCas }: TlsMaterial): void {
  if (!isGoodNow(server)) {
    throw new TlsFileError(`${variables.cert} has expired or is not good yet`)
  }
  if (clientCas !== undefined) {
    requireGoodCa(variables.clientCa, clientCas)
  }
}
