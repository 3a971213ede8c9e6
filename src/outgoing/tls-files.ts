import type { SecureContextOptions } from 'node:tls'
import {
  isGoodNow,
  readCas,
  readNamedFile,
  readPair,
  requireGoodCa,
  TlsFileError,
  tlsFaultOf,
  validityOf,
} from '../config/pem-files.ts'
import { LastGood } from '../files/last-good.ts'
import type { Log } from '../log.ts'

/** PEM files of a connection that Padlock opens, and the variables that name them. */
export interface OutgoingTlsFiles {
  /** the CAs of the server's certificate; Node's own without it */
  caFile?: string | undefined
  /** the client certificate, and its private key */
  certFile?: string | undefined
  keyFile?: string | undefined
  variables: { ca: string; cert: string; key: string }
}

/**
 * Reads the files and proves that they can be used.
 *
 * @param inTime true: refuses certificates that are not good now
 * @throws TlsFileError
 */
export function readOutgoingTls(files: OutgoingTlsFiles, inTime = false): SecureContextOptions {
  const { caFile, certFile, keyFile, variables } = files
  const options: SecureContextOptions = {}
  if (caFile !== undefined) {
    const ca = readNamedFile(variables.ca, caFile)
    const cas = readCas(variables.ca, ca, true)
    if (inTime) {
      requireGoodCa(variables.ca, cas)
    }
    options.ca = ca
  }
  if (certFile !== undefined && keyFile !== undefined) {
    const pair = { cert: readNamedFile(variables.cert, certFile), key: readNamedFile(variables.key, keyFile) }
    const chain = readPair(variables, pair)
    if (inTime && !isGoodNow(validityOf(chain))) {
      throw new TlsFileError(`${variables.cert} holds a certificate that has expired or is not valid yet`)
    }
    Object.assign(options, pair)
  }
  return options
}

/**
 * The files as they are now, or as they last were good: another object when they have changed; call it for each connection.
 *
 * @throws TlsFileError when the files cannot be used at start; their times do not matter then
 */
export function outgoingTls(
  files: OutgoingTlsFiles,
  log?: Pick<Log, 'warn'>,
): LastGood<SecureContextOptions> {
  const refused = (reason: string) =>
    log?.warn({ reason }, 'TLS files have changed and cannot be used; the last good ones stay')
  const paths = [files.caFile, files.certFile, files.keyFile].filter((file) => file !== undefined)
  return new LastGood(
    { paths, read: () => readOutgoingTls(files, true), reasonOf: tlsFaultOf, refused },
    () => readOutgoingTls(files),
  )
}
