import { constants, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'

/** PEM files of the listener. */
export interface TlsFiles {
  certFile: string
  keyFile: string
  /** the CAs whose clients may connect; undefined to ask nobody for a certificate */
  clientCaFile?: string | undefined
}

/** Files that cannot be used; the message names the variable, and repeats nothing that stands in the file. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError'
}

/** When certificates are good, in milliseconds since 1970. */
export interface Validity {
  from: number
  until: number
}

/** What the files held when they were read. */
export interface TlsMaterial {
  context: SecureContextOptions
  server: Validity
  clientCa?: Validity
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

function read(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new TlsFileError(`${variable} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** The certificates of a PEM file: the time in which all of them are good. */
function validity(variable: string, pem: string): Validity {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? []
  if (blocks.length === 0) throw new TlsFileError(`${variable} holds no certificate in PEM`)
  try {
    const certificates = blocks.map((block) => new X509Certificate(block))
    return {
      from: Math.max(...certificates.map(({ validFromDate }) => validFromDate.getTime())),
      until: Math.min(...certificates.map(({ validToDate }) => validToDate.getTime())),
    }
  } catch {
    throw new TlsFileError(`${variable} holds a certificate that cannot be read`)
  }
}

/**
 * Reads the files and proves that they can be used together.
 *
 * @throws TlsFileError
 */
export function readTlsFiles({ certFile, keyFile, clientCaFile }: TlsFiles): TlsMaterial {
  const cert = read('PADLOCK_TLS_CERT_FILE', certFile)
  const key = read('PADLOCK_TLS_KEY_FILE', keyFile)
  const ca = clientCaFile === undefined ? undefined : read('PADLOCK_TLS_CLIENT_CA_FILE', clientCaFile)
  const server = validity('PADLOCK_TLS_CERT_FILE', cert)
  const clientCa = ca === undefined ? undefined : validity('PADLOCK_TLS_CLIENT_CA_FILE', ca)
  const context = { ...protocol, cert, key, ...(ca === undefined ? {} : { ca }) }
  let privateKey: ReturnType<typeof createPrivateKey>
  try {
    privateKey = createPrivateKey(key)
  } catch {
    throw new TlsFileError('PADLOCK_TLS_KEY_FILE holds no private key in PEM, or one with a passphrase')
  }
  if (!new X509Certificate(cert).checkPrivateKey(privateKey)) {
    throw new TlsFileError(
      'PADLOCK_TLS_KEY_FILE is not the key of the first certificate in PADLOCK_TLS_CERT_FILE',
    )
  }
  try {
    createSecureContext(context)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new TlsFileError(`OpenSSL does not take the files of PADLOCK_TLS_CERT_FILE and its like (${code})`)
  }
  return { context, server, ...(clientCa === undefined ? {} : { clientCa }) }
}
