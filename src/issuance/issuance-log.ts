import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { LostLines } from '../lines/line-buffer.ts'
import type { LineState } from '../lines/line-channel.ts'
import type { SigningKey } from '../token/signer.ts'
import { type SubjectKey, subjectPseudonym } from '../token/subject.ts'
import type { AskedRecord, IssuedRecord, LostRecord } from './issuance-record.ts'

/** Where the lines go. */
export interface LineSink {
  /** false for a line that found no room and is lost */
  append(line: string): boolean
  /** writes what has come; false where that fails, or a write takes more milliseconds: the lines wait */
  written(withinMs: number): Promise<boolean>
  state(): LineState
  /** all lines are written, and the one in place of lost lines */
  readonly isSettled: boolean
  /** writes what is left, within a number of milliseconds; returns how many lines could not be written since the start */
  close(withinMs: number): Promise<number>
}

/** A token that was made, as the log records it. */
export interface IssuedToken {
  profile: string
  /** the caller's `sub` */
  sub: string
  auditId: string
  key: SigningKey
  correlationId: string
  requestId: string
  /** becomes a pseudonym */
  userId: string
}

const closeWithinMs = 1_000

/**
 * The issuance log: one JSON line for each token, and one before each call that asks Vault for signatures. So
 * whatever Vault signs for Padlock is on record before it is signed, whether its token went out or not.
 */
export class IssuanceLog {
  /** without it, lines have no subject */
  subjectKey: SubjectKey | undefined
  readonly #sink: LineSink
  readonly #instance: string

  private constructor(sink: LineSink, instance: string) {
    this.#sink = sink
    this.#instance = instance
  }

  /**
   * @param open makes the sink; `tellLost` is the line that stands in place of lost lines
   * @throws what `open` throws
   */
  static async open(
    open: (tellLost: (lost: LostLines) => string) => LineSink | Promise<LineSink>,
  ): Promise<IssuanceLog> {
    const instance = newInstance()
    return new IssuanceLog(await open((lost) => lineOfLost(lost, instance)), instance)
  }

  /**
   * A call is about to leave for Vault.
   *
   * @param withinMs time limit of its line, in milliseconds
   * @returns true once its line is handed to the system, false where it waits or is lost
   */
  async asked(
    { name, version }: SigningKey,
    correlationId: string,
    digests: readonly Buffer[],
    withinMs: number,
  ): Promise<boolean> {
    const record: AskedRecord = {
      event: 'asked',
      time: new Date().toISOString(),
      key: name,
      keyVersion: version,
      correlationId,
      auditIds: digests.map((digest) => digest.toString('base64url')),
      instance: this.#instance,
    }
    return this.#sink.append(`${JSON.stringify(record)}\n`) && this.#sink.written(withinMs)
  }

  /** A token is made; call it before the answer. @returns false for a line that found no room and is lost */
  issued({ profile, sub, auditId, key, correlationId, requestId, userId }: IssuedToken): boolean {
    const { subjectKey } = this
    const record: IssuedRecord = {
      event: 'issued',
      time: new Date().toISOString(),
      profile,
      sub,
      auditId,
      key: key.name,
      keyVersion: key.version,
      correlationId,
      requestId,
      ...(subjectKey && {
        subject: subjectPseudonym(subjectKey, profile, userId),
        subjectKey: subjectKey.version,
      }),
      instance: this.#instance,
    }
    return this.#sink.append(`${JSON.stringify(record)}\n`)
  }

  state(): LineState {
    return this.#sink.state()
  }

  /** True when all lines are written, and the one in place of lost lines. */
  get isSettled(): boolean {
    return this.#sink.isSettled
  }

  /** Writes what is left. @returns how many lines could not be written since the start */
  close(): Promise<number> {
    return this.#sink.close(closeWithinMs)
  }
}

/** The process, unlike any other: host name and a random part. */
function newInstance(): string {
  return `${hostname()}-${randomBytes(4).toString('hex')}`
}

function lineOfLost({ lines, since, until }: LostLines, instance: string): string {
  const record: LostRecord = {
    event: 'lost',
    time: new Date().toISOString(),
    lines,
    since: since.toISOString(),
    until: until.toISOString(),
    instance,
  }
  return `${JSON.stringify(record)}\n`
}
