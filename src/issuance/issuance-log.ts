import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { SigningKey } from '../token/signer.ts'
import type { AskedRecord, IssuedRecord, LostRecord } from './issuance-record.ts'
import { LineFile, type LineFileState } from './line-file.ts'
import { type SubjectKey, subjectPseudonym } from './subject.ts'

/** Where the lines go. */
export interface LineSink {
  append(line: string): void
  /** begins to write what has come */
  flush(): void
  rotate(): void
  state(): LineFileState
  /** writes what is left, within so many milliseconds; gives how many lines were lost since the start */
  close(withinMs: number): Promise<number>
}

/** A token that was made, as the log tells of it. */
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

  constructor(sink: LineSink, instance = newInstance()) {
    this.#sink = sink
    this.#instance = instance
  }

  /** @throws Error of the system when the file cannot be opened */
  static async toFile(path: string): Promise<IssuanceLog> {
    const instance = newInstance()
    return new IssuanceLog(await LineFile.open(path, (lost) => lineOfLost(lost, instance)), instance)
  }

  /** A call leaves for Vault; to be told before it does. */
  asked({ name, version }: SigningKey, correlationId: string, digests: readonly Buffer[]): void {
    const record: AskedRecord = {
      event: 'asked',
      time: new Date().toISOString(),
      key: name,
      keyVersion: version,
      correlationId,
      auditIds: digests.map((digest) => digest.toString('base64url')),
      instance: this.#instance,
    }
    this.#sink.append(`${JSON.stringify(record)}\n`)
    this.#sink.flush()
  }

  /** A token is made; to be told before it is answered. */
  issued({ profile, sub, auditId, key, correlationId, requestId, userId }: IssuedToken): void {
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
    this.#sink.append(`${JSON.stringify(record)}\n`)
  }

  /** Goes on in a new file where the old one was renamed. */
  rotate(): void {
    this.#sink.rotate()
  }

  state(): LineFileState {
    return this.#sink.state()
  }

  /** Writes what is left. @returns how many lines were lost since the start */
  close(): Promise<number> {
    return this.#sink.close(closeWithinMs)
  }
}

/** The process, unlike any other: host name and a random part. */
function newInstance(): string {
  return `${hostname()}-${randomBytes(4).toString('hex')}`
}

function lineOfLost({ lines, since, until }: { lines: number; since: Date; until: Date }, instance: string) {
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
