import type { SubjectKey } from '../audit/subject.ts'
import type { PadlockError } from '../errors.ts'
import type { VaultClient } from './client.ts'
import type { VaultSession } from './session.ts'
import { readSubjectKey } from './subject-key.ts'

const readTimeoutMs = 2_000
/** A key that was made or changed later is taken up within so many milliseconds. */
const againMs = 300_000
/** While Vault does not answer, it is asked again after so many. */
const retryMs = 5_000

/** What the reader needs to tell an operator. */
export interface SubjectKeyLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** Keeps the key of the visitors' pseudonyms at hand: read at start and every five minutes, never logged. */
export class SubjectKeyReader {
  readonly #client: VaultClient
  readonly #session: VaultSession
  readonly #kvMount: string
  readonly #log: SubjectKeyLog
  readonly #adopt: (key: SubjectKey) => void
  #version = 0
  #told: string | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  /** @param adopt is given each new version */
  constructor(
    client: VaultClient,
    session: VaultSession,
    kvMount: string,
    log: SubjectKeyLog,
    adopt: (key: SubjectKey) => void,
  ) {
    this.#client = client
    this.#session = session
    this.#kvMount = kvMount
    this.#log = log
    this.#adopt = adopt
  }

  /** Reads the key, and goes on reading it. Never throws: without it the lines have no subject, and that is told. */
  async start(): Promise<void> {
    const next = await this.#read()
    if (this.#stopped || next === undefined) return
    this.#timer = setTimeout(() => void this.start(), next).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** @returns milliseconds until it should be read again; undefined for never */
  async #read(): Promise<number | undefined> {
    try {
      const key = await this.#session.use((token) =>
        readSubjectKey(this.#client, this.#kvMount, undefined, { token, timeoutMs: readTimeoutMs }),
      )
      if (key === undefined) this.#tell('missing', 'there is no key for it: run `padlock setup` again')
      else if (key.version !== this.#version) {
        this.#version = key.version
        this.#told = undefined
        this.#adopt(key)
        this.#log.info({ subjectKey: key.version }, "the issuance log has the visitors' pseudonyms")
      }
      return againMs
    } catch (error) {
      const { code } = error as PadlockError
      if (code === 'vault_denied') {
        // Each denial makes the session log in anew; the policy changes only when somebody changes it.
        this.#tell(code, 'the policy does not allow to read its key: run `padlock setup` again, then restart')
        return undefined
      }
      this.#tell(code, 'its key cannot be read, will try again')
      return retryMs
    }
  }

  #tell(code: string, reason: string): void {
    if (this.#told === code) return
    this.#told = code
    const consequence =
      this.#version === 0 ? 'lines of the issuance log have no subject' : 'the subject key stays'
    this.#log.warn({ code }, `${consequence}: ${reason}`)
  }
}
