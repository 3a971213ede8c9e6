import type { Server, TLSSocket, TlsOptions } from 'node:tls'
import { ConfigError } from '../../config/config.ts'
import { TlsFileError, tlsFaultOf, type Validity } from '../../config/pem-files.ts'
import type { Config } from '../../config/schema.ts'
import { LastGood } from '../../files/last-good.ts'
import type { Log } from '../../log.ts'
import { Repeat } from '../../timing/repeat.ts'
import {
  clientCaValidity,
  readTlsFiles,
  requireGoodNow,
  type TlsFiles,
  type TlsMaterial,
} from './tls-files.ts'

/** How often the files are looked at, in milliseconds. */
const lookMs = 2_000
const dayMs = 86_400_000
/** Time before its end from which a certificate is reported; of one that lives for less than four weeks, its last quarter. */
const warningMs = 7 * dayMs

/** Whom a listener is for. */
export type Audience = 'callers' | 'operators'

/** What is reported of the listener; nothing secret. */
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

function problemNow(material: TlsMaterial): string | undefined {
  try {
    requireGoodNow(material)
    return undefined
  } catch (error) {
    return tlsFaultOf(error)
  }
}

/** @throws TlsFileError */
function lastGoodFiles(files: TlsFiles, log: Log): LastGood<TlsMaterial> {
  const { certFile, keyFile, clientCaFile } = files
  const read = () => {
    const material = readTlsFiles(files)
    requireGoodNow(material)
    return material
  }
  const refused = (reason: string) =>
    log.error({ reason }, 'the TLS files have changed and cannot be used; the last good ones stay')
  const paths = [certFile, keyFile, clientCaFile].filter((file) => file !== undefined)
  return new LastGood({ paths, read, reasonOf: tlsFaultOf, refused }, () => readTlsFiles(files))
}

/**
 * The certificate that Padlock listens with. Files that change are taken up for the connections to come, without a
 * restart; files that cannot be used leave the last good ones in use.
 */
export class TlsListener {
  failedHandshakes = 0
  readonly #files: LastGood<TlsMaterial>
  readonly #asksClients: boolean
  readonly #log: Log
  readonly #repeat = new Repeat(() => this.look(), lookMs)
  readonly #servers = new Set<Server>()
  readonly #established = new WeakMap<object, TlsMaterial>()
  #material: TlsMaterial
  #warnedAt = Number.NEGATIVE_INFINITY

  /** @throws TlsFileError */
  constructor(files: TlsFiles, log: Log) {
    this.#log = log
    this.#asksClients = files.clientCaFile !== undefined
    this.#files = lastGoodFiles(files, log)
    this.#material = this.#files.current()
    // Not a reason to stop: the renewal may be on its way, or this machine's clock still behind.
    this.#files.problem = problemNow(this.#material)
    if (this.#files.problem !== undefined) {
      log.error(
        { reason: this.#files.problem },
        'clients cannot connect with the TLS files as they are; Padlock starts, and takes up new ones',
      )
    }
  }

  /**
   * What `https.createServer` is to be given.
   *
   * @param audience `operators` are asked for no certificate: a probe has none
   */
  options(handshakeTimeoutMs: number, audience: Audience = 'callers'): TlsOptions {
    const asks = this.#asksClients && audience === 'callers'
    return {
      ...this.#material.context,
      handshakeTimeout: handshakeTimeoutMs,
      requestCert: asks,
      rejectUnauthorized: asks,
    }
  }

  /** Keeps a server on the newest good files until `stop`. */
  serve(server: Server): void {
    this.#servers.add(server)
    server.on('secureConnection', (socket: TLSSocket) => this.#established.set(socket, this.#material))
    this.#warn()
    this.#repeat.startLater()
  }

  stop(): void {
    this.#repeat.stop()
  }

  /** True for a connection of certificates before the ones in use: its peer should come again. */
  isOutdated(socket: object): boolean {
    return this.#established.get(socket) !== this.#material
  }

  state(): TlsState {
    const { server, clientCa } = this.#validity()
    const { problem } = this.#files
    const soon = endsSoon(server) || (clientCa !== undefined && endsSoon(clientCa))
    return {
      status: soon || problem !== undefined ? 'degraded' : 'ok',
      expiresAt: new Date(server.until).toISOString(),
      ...(clientCa && { clientCaExpiresAt: new Date(clientCa.until).toISOString() }),
      ...(problem && { problem }),
    }
  }

  #validity(): { server: Validity; clientCa?: Validity | undefined } {
    const { server, clientCas } = this.#material
    return { server, clientCa: clientCas && clientCaValidity(clientCas) }
  }

  /** Seconds until each is no longer good, negative from then on. */
  secondsLeft(): { server: number; client_ca?: number } {
    const { server, clientCa } = this.#validity()
    const left = ({ until }: Validity) => (until - Date.now()) / 1000
    return { server: left(server), ...(clientCa && { client_ca: left(clientCa) }) }
  }

  /** Takes up files that have changed, if they can be used; `serve` does so every two seconds. */
  look(): void {
    const material = this.#files.current()
    if (material !== this.#material) {
      for (const server of this.#servers) {
        server.setSecureContext(material.context)
      }
      this.#material = material
      this.#warnedAt = Number.NEGATIVE_INFINITY
      this.#log.info(this.state(), 'the TLS files have changed and are in use')
    }
    this.#warn()
  }

  /** Once a day, from a week before the end of a certificate. */
  #warn(): void {
    const { server, clientCa } = this.#validity()
    const ending = [endsSoon(server) && 'server', clientCa && endsSoon(clientCa) && 'client_ca'].filter(
      Boolean,
    )
    if (ending.length === 0 || performance.now() - this.#warnedAt < dayMs) {
      return
    }
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
export function openTlsListener(config: Config, log: Log): TlsListener | undefined {
  const { PADLOCK_TLS_CERT_FILE: certFile, PADLOCK_TLS_KEY_FILE: keyFile } = config
  if (certFile === undefined || keyFile === undefined) {
    return undefined
  }
  try {
    return new TlsListener({ certFile, keyFile, clientCaFile: config.PADLOCK_TLS_CLIENT_CA_FILE }, log)
  } catch (error) {
    if (error instanceof TlsFileError) {
      throw new ConfigError([error.message])
    }
    throw error
  }
}
