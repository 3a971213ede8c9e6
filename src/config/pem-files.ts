import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readRegularFileSync } from '../files/regular-file.ts'

/** A TLS file that cannot be used; the message names the variable, and repeats nothing that the file holds. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError'
  /** the system's code of a file that cannot be read */
  readonly code: string | undefined

  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}

/** What is wrong with TLS files, of an error that says so. */
export const tlsFaultOf = (error: unknown): string | undefined =>
  error instanceof TlsFileError ? error.message : undefined

/** When certificates are good, in milliseconds since 1970. */
export interface Validity {
  from: number
  until: number
}

/** True for a certificate, or for several taken together, that is good now. */
export const isGoodNow = ({ from, until }: Validity): boolean => from <= Date.now() && Date.now() < until

/** The time in which all of the certificates are good. */
export const validityOf = (certificates: readonly X509Certificate[]): Validity => ({
  from: Math.max(...certificates.map(({ validFromDate }) => validFromDate.getTime())),
  until: Math.min(...certificates.map(({ validToDate }) => validToDate.getTime())),
})

/**
 * The text of a file that a variable names.
 *
 * @throws TlsFileError
 */
export function readNamedFile(variable: string, file: string): string {
  try {
    return readRegularFileSync(file).toString()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new TlsFileError(`${variable} cannot be read (${code})`, code)
  }
}

interface PemBlock {
  label: string
  text: string
}

/** Lines of base64 without a block around them: a block whose first or last line was lost. */
const looseBase64 = /^[A-Za-z0-9+/=]{40,}\s*$/m

/**
 * The blocks of a PEM file. Text between them is allowed (RFC 7468 §2), the rest of a block that was cut is not.
 *
 * @throws TlsFileError
 */
function pemBlocks(variable: string, pem: string): PemBlock[] {
  const blocks: PemBlock[] = []
  const rest = pem.replace(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g, (text, label) => {
    blocks.push({ label, text })
    return ''
  })
  if (rest.includes('--') || looseBase64.test(rest)) {
    throw new TlsFileError(
      `${variable} holds a PEM block that was cut: each needs its BEGIN and its END line`,
    )
  }
  return blocks
}

/**
 * The certificates of a PEM file, every one of which can be read.
 *
 * @param others labels of blocks that may stand beside them
 * @throws TlsFileError
 */
export function readCertificates(variable: string, pem: string, others?: RegExp): X509Certificate[] {
  const blocks = pemBlocks(variable, pem)
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE')
  const odd = blocks.find(({ label }) => label !== 'CERTIFICATE' && others?.test(label) !== true)
  if (odd?.label.endsWith('PRIVATE KEY')) {
    throw new TlsFileError(`${variable} holds a private key: it must hold certificates alone`)
  }
  if (certificates.length === 0) {
    throw new TlsFileError(`${variable} holds no certificate in PEM`)
  }
  if (odd !== undefined) {
    throw new TlsFileError(`${variable} holds another PEM block than certificates`)
  }
  try {
    return certificates.map(({ text }) => new X509Certificate(text))
  } catch {
    throw new TlsFileError(`${variable} holds a certificate that cannot be read`)
  }
}

const isSelfSigned = (certificate: X509Certificate): boolean =>
  certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey)

/**
 * The certificates of the CAs that a PEM file names, each of them a CA (`basicConstraints CA:TRUE`, RFC 5280 §4.2.1.9).
 *
 * @param selfSigned true: a server's own self-signed certificate may stand in place of its CA
 * @throws TlsFileError
 */
export function readCas(variable: string, pem: string, selfSigned: boolean): X509Certificate[] {
  const certificates = readCertificates(variable, pem)
  const place = certificates.findIndex(
    (certificate) => !certificate.ca && !(selfSigned && isSelfSigned(certificate)),
  )
  if (place !== -1) {
    throw new TlsFileError(`${variable} holds a certificate that is no CA (number ${place + 1} in the file)`)
  }
  return certificates
}

/** Refuses CAs none of which is good now. @throws TlsFileError */
export function requireGoodCa(variable: string, cas: readonly X509Certificate[]): void {
  if (cas.some((ca) => isGoodNow(validityOf([ca])))) {
    return
  }
  throw new TlsFileError(`${variable} holds no CA that is good now: each has ended or is not valid yet`)
}

/**
 * Reads a certificate with its chain, and proves that the private key is the first certificate's.
 *
 * @returns the certificates, each followed by the one that issued it (RFC 8446 §4.4.2)
 * @throws TlsFileError
 */
export function readPair(
  variables: { cert: string; key: string },
  pem: { cert: string; key: string },
): X509Certificate[] {
  const certificates = readCertificates(variables.cert, pem.cert, /PRIVATE KEY$|^EC PARAMETERS$/)
  let key: ReturnType<typeof createPrivateKey>
  try {
    key = createPrivateKey(pem.key)
  } catch {
    throw new TlsFileError(`${variables.key} holds no private key in PEM, or one with a passphrase`)
  }
  if (!certificates[0]?.checkPrivateKey(key)) {
    const later = certificates.some((certificate) => certificate.checkPrivateKey(key))
    throw new TlsFileError(
      `${variables.key} is not the key of the first certificate in ${variables.cert}` +
        (later ? ', but of a later one: put that first' : ''),
    )
  }
  const wrong = certificates.findIndex(
    (certificate, place) => place > 0 && !certificates[place - 1]?.checkIssued(certificate),
  )
  if (wrong !== -1) {
    throw new TlsFileError(
      `${variables.cert} is not in order: certificate ${wrong + 1} did not issue the one before it`,
    )
  }
  return certificates
}
