import { PadlockError } from '../errors.ts'
import type { Log } from '../log.ts'
import { Repeat } from '../timing/repeat.ts'
import type { SigningKey } from '../token/signer.ts'
import type { IssuanceLog, IssuedToken } from './issuance-log.ts'

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
/** Milliseconds that a call waits for its line where it may leave without. */
const patienceMs = 250

/** The issuance log of a service, watched: a fault of it is reported once, and may forbid new tokens. */
export class Issuance {
  readonly log: IssuanceLog
  readonly #required: boolean
  readonly #warnings: Pick<Log, 'error' | 'info'>
  readonly #repeat = new Repeat(() => this.#watch(), watchMs)
  #told: string | undefined

  /** @param required whether no token may be issued while the log cannot be written */
  constructor(log: IssuanceLog, required: boolean, warnings: Pick<Log, 'error' | 'info'>) {
    this.log = log
    this.#required = required
    this.#warnings = warnings
    this.#repeat.startLater()
  }

  /** Whether no token may be issued now. */
  forbids(): boolean {
    return this.#required && this.log.state().error !== undefined
  }

  /**
   * Records what a call asks Vault to sign: the call leaves when this is done. Where the log is required, its line is
   * handed to the system by then; otherwise too, unless the log fails or is slow.
   *
   * @param deadline of the call, in milliseconds of performance.now()
   * @throws PadlockError `issuance_log_unavailable` where its line is not written in half of the time that is left, and
   *   the log is required
   */
  async asked(
    key: SigningKey,
    correlationId: string,
    digests: readonly Buffer[],
    deadline: number,
  ): Promise<void> {
    const halfMs = (deadline - performance.now()) / 2
    const withinMs = this.#required ? halfMs : Math.min(halfMs, patienceMs)
    if (!(await this.log.asked(key, correlationId, digests, withinMs))) {
      this.#refuse()
    }
  }

  /**
   * Records a token; to be called before it is answered.
   *
   * @throws PadlockError `issuance_log_unavailable` where its line found no room and the log is required
   */
  issued(token: IssuedToken): void {
    if (!this.log.issued(token)) {
      this.#refuse()
    }
  }

  #refuse(): void {
    if (this.#required) {
      throw new PadlockError('issuance_log_unavailable')
    }
  }

  status(): IssuanceStatus {
    const state = this.log.state()
    const good = state.error === undefined
    return { status: good ? 'ok' : this.#required ? 'unavailable' : 'degraded', ...state }
  }

  /** Writes what is left; reports lines that were lost. */
  async stop(): Promise<void> {
    this.#repeat.stop()
    const lost = await this.log.close()
    if (lost > 0) {
      this.#warnings.error({ lost }, 'lines of the issuance log were lost')
    }
  }

  #watch(): void {
    const { error, waiting, lost } = this.log.state()
    if (error === this.#told) {
      return
    }
    this.#told = error
    if (error === undefined) {
      this.#warnings.info({ lost }, 'the issuance log is written again')
    } else {
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
