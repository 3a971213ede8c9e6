import type { Server, TLSSocket, TlsOptions } from 'node:tls'
import type { FastifyBaseLogger } from 'fastify'
import { type Config, ConfigError } from '../config.ts'
import { fileStamp } from '../file-stamp.ts'
import { readTlsFiles, TlsFileError, type TlsFiles, type TlsMaterial, type Validity } from './tls-files.ts'

/** How often the files are looked at, in milliseconds. */
const lookMs = 2_000
const dayMs = 86_400_000
/** So long before its end a certificate is reported; of one that lives for less than four weeks, its last quarter. */
const warningMs = 7 * dayMs

/** What is told of the listener; nothing secret. */
export interface TlsState {
  status: 'ok' | 'degraded'
  /** RFC 3339, UTC: the first certificate to end of the server's chain, and of the clients' CAs */
  expiresAt: string
  clientCaExpiresAt?: string
  /** why the files as they are now are not in use */
  problem?: string
}

const endsSoon = ({ from, until }: Validity): boolean =>
  until - Date.now() < Math.min(warningMs, (until - from) / 4)

const isGood = ({ from, until }: Validity): boolean => from <= Date.now() && Date.now() < until

/**
 * The certificate that Padlock listens with. Files that change are taken up for the connections to come, without a
 * restart; files that cannot be used leave the last good ones in use.
 */
export class TlsListener {
  readonly #files: TlsFiles
  readonly #log: FastifyBaseLogger
  readonly #established = new WeakMap<object, TlsMaterial>()
  #material: TlsMaterial
  #stamp: string
  #problem: string | undefined
  #server: Server | undefined
  #timer: NodeJS.Timeout | undefined
  #warnedAt = Number.NEGATIVE_INFINITY

  /** @throws TlsFileError */
  constructor(files: TlsFiles, log: FastifyBaseLogger) {
    this.#files = files
    this.#log = log
    this.#stamp = this.#stampNow()
    this.#material = readTlsFiles(files)
  }

  /** What `https.createServer` is to be given. */
  options(handshakeTimeoutMs: number): TlsOptions {
    const asked = this.#files.clientCaFile !== undefined
    return {
      ...this.#material.context,
      handshakeTimeout: handshakeTimeoutMs,
      requestCert: asked,
      rejectUnauthorized: asked,
    }
  }

  /** Keeps a server on the newest good files until `stop`. */
  serve(server: Server): void {
    this.#server = server
    server.on('secureConnection', (socket: TLSSocket) => this.#established.set(socket, this.#material))
    this.#warn()
    this.#timer = setInterval(() => this.#look(), lookMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** True for a connection of certificates before the ones in use: its peer should come again. */
  isOutdated(socket: object): boolean {
    return this.#established.get(socket) !== this.#material
  }

  state(): TlsState {
    const { server, clientCa } = this.#material
    const soon = endsSoon(server) || (clientCa !== undefined && endsSoon(clientCa))
    return {
      status: soon || this.#problem !== undefined ? 'degraded' : 'ok',
      expiresAt: new Date(server.until).toISOString(),
      ...(clientCa && { clientCaExpiresAt: new Date(clientCa.until).toISOString() }),
      ...(this.#problem && { problem: this.#problem }),
    }
  }

  /** Seconds until each is no longer good, negative from then on. */
  secondsLeft(): { server: number; client_ca?: number } {
    const { server, clientCa } = this.#material
    const left = ({ until }: Validity) => (until - Date.now()) / 1000
    return { server: left(server), ...(clientCa && { client_ca: left(clientCa) }) }
  }

  #stampNow(): string {
    const { certFile, keyFile, clientCaFile } = this.#files
    try {
      return fileStamp(...[certFile, keyFile, clientCaFile].filter((file) => file !== undefined))
    } catch (error) {
      // A folder on the way may have been closed to Padlock: reading the files tells of it.
      return String((error as NodeJS.ErrnoException).code)
    }
  }

  #look(): void {
    const stamp = this.#stampNow()
    // After a failure each time: that a file may be read now changes no stamp.
    if (stamp !== this.#stamp || this.#problem !== undefined) this.#reload(stamp)
    this.#warn()
  }

  #reload(stamp: string): void {
    try {
      const material = readTlsFiles(this.#files)
      if (!isGood(material.server))
        throw new TlsFileError('PADLOCK_TLS_CERT_FILE has expired or is not good yet')
      this.#server?.setSecureContext(material.context)
      this.#material = material
      this.#problem = undefined
      this.#warnedAt = Number.NEGATIVE_INFINITY
      this.#log.info(this.state(), 'the TLS files have changed and are in use')
    } catch (error) {
      if (!(error instanceof TlsFileError)) throw error
      if (stamp !== this.#stamp || error.message !== this.#problem)
        this.#log.error(
          { reason: error.message },
          'the TLS files have changed and cannot be used; the last good ones stay',
        )
      this.#problem = error.message
    }
    this.#stamp = stamp
  }

  /** Once a day, from a week before the end of a certificate. */
  #warn(): void {
    const { server, clientCa } = this.#material
    const ending = [endsSoon(server) && 'server', clientCa && endsSoon(clientCa) && 'client_ca'].filter(
      Boolean,
    )
    if (ending.length === 0 || performance.now() - this.#warnedAt < dayMs) return
    this.#warnedAt = performance.now()
    const { expiresAt, clientCaExpiresAt } = this.state()
    this.#log.warn(
      { ending, expiresAt, clientCaExpiresAt },
      'a certificate of the listener ends soon: renew it',
    )
  }
}

/**
 * The listener's certificate as it is configured; undefined for plain HTTP.
 *
 * @throws ConfigError when the files cannot be used
 */
export function openTlsListener(config: Config, log: FastifyBaseLogger): TlsListener | undefined {
  const { PADLOCK_TLS_CERT_FILE: certFile, PADLOCK_TLS_KEY_FILE: keyFile } = config
  if (certFile === undefined || keyFile === undefined) return undefined
  try {
    return new TlsListener({ certFile, keyFile, clientCaFile: config.PADLOCK_TLS_CLIENT_CA_FILE }, log)
  } catch (error) {
    if (error instanceof TlsFileError) throw new ConfigError([error.message])
    throw error
  }
}
