import type { IssuanceLog } from './issuance-log.ts'

/** Where state changes are told. */
export interface IssuanceWarnings {
  error(fields: object, message: string): void
  info(fields: object, message: string): void
}

/** How the issuance log is, for readiness. */
export interface IssuanceStatus {
  status: 'ok' | 'degraded' | 'unavailable'
  /** lines that are not written yet, and lines that were lost since the start */
  waiting: number
  lost: number
  /** the system's code of what is wrong */
  error: string | undefined
}

const watchMs = 1_000

/** The issuance log of a service, watched: what is wrong with it is told once, and may forbid new tokens. */
export class Issuance {
  readonly log: IssuanceLog
  readonly #required: boolean
  readonly #warnings: IssuanceWarnings
  readonly #timer: NodeJS.Timeout
  #told: string | undefined

  /** @param required whether no token may be issued while the log cannot be written */
  constructor(log: IssuanceLog, required: boolean, warnings: IssuanceWarnings) {
    this.log = log
    this.#required = required
    this.#warnings = warnings
    this.#timer = setInterval(() => this.#watch(), watchMs).unref()
  }

  /** Whether no token may be issued now. */
  forbids(): boolean {
    return this.#required && this.log.state().error !== undefined
  }

  status(): IssuanceStatus {
    const state = this.log.state()
    const good = state.error === undefined
    return { status: good ? 'ok' : this.#required ? 'unavailable' : 'degraded', ...state }
  }

  /** Writes what is left; tells of lines that were lost. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    const lost = await this.log.close()
    if (lost > 0) this.#warnings.error({ lost }, 'lines of the issuance log were lost')
  }

  #watch(): void {
    const { error, waiting, lost } = this.log.state()
    if (error === this.#told) return
    this.#told = error
    if (error === undefined) this.#warnings.info({ lost }, 'the issuance log is written again')
    else {
      const consequence = this.#required
        ? 'no token is issued'
        : 'tokens are issued, their lines wait in memory'
      this.#warnings.error(
        { code: error, waiting, lost },
        `the issuance log cannot be written: ${consequence}`,
      )
    }
  }
}
