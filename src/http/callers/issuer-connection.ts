import type { SecureContextOptions } from 'node:tls'
import { type Dispatcher, EnvHttpProxyAgent } from 'undici'
import type { LastGood } from '../../files/last-good.ts'
import type { Log } from '../../log.ts'
import { verifiedTls } from '../../outgoing/tls.ts'
import { outgoingTls } from '../../outgoing/tls-files.ts'

/** How the callers' issuer is reached. */
export interface IssuerRoute {
  /** PEM file of the CAs of its certificate, in place of Node's own */
  caFile?: string | undefined
  /** URL of the proxy for https */
  proxy?: string | undefined
  /** hosts that are asked without it, as NO_PROXY has them */
  noProxy?: string | undefined
}

const variables = { ca: 'PADLOCK_CALLER_CACERT', cert: '', key: '' }

/** Connections to the callers' issuer: its certificate is verified, and the CA file may change while Padlock runs. */
export class IssuerConnection {
  readonly #route: IssuerRoute
  readonly #tls: LastGood<SecureContextOptions>
  #options: SecureContextOptions
  #agent: EnvHttpProxyAgent

  /** @throws TlsFileError when the CA file cannot be used */
  constructor(route: IssuerRoute, log?: Pick<Log, 'warn'>) {
    this.#route = route
    this.#tls = outgoingTls({ caFile: route.caFile, variables }, log)
    this.#options = this.#tls.current()
    this.#agent = this.#open()
  }

  /** For one request. */
  dispatcher(): Dispatcher {
    const now = this.#tls.current()
    if (now !== this.#options) {
      this.#options = now
      this.close()
      this.#agent = this.#open()
    }
    return this.#agent
  }

  close(): void {
    // It ends when the requests in flight on it have.
    this.#agent.close().catch(() => {})
  }

  #open(): EnvHttpProxyAgent {
    const tls = { ...this.#options, ...verifiedTls }
    return new EnvHttpProxyAgent({
      // Empty, so that none is taken from the environment: plain HTTP, and what NO_PROXY names, goes straight.
      ...{ httpProxy: '', httpsProxy: this.#route.proxy ?? '', noProxy: this.#route.noProxy ?? '' },
      connect: tls,
      requestTls: tls,
      proxyTls: verifiedTls,
      allowH2: false,
    })
  }
}
