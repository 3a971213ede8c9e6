import type { PadlockError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { Repeat } from '../../timing/repeat.ts'
import type { SubjectKey } from '../../token/subject.ts'
import type { SubjectKeyStore } from './subject-key.ts'

const readTimeoutMs = 2_000
/** Milliseconds within which a key that was made or changed later is in use. */
const againMs = 300_000
/** Milliseconds until Vault is asked again while it does not answer. */
const retryMs = 5_000

/** Keeps the key of the visitors' pseudonyms at hand: read at start and every five minutes, never logged. */
export class SubjectKeyReader {
  readonly #store: SubjectKeyStore
  readonly #log: Pick<Log, 'info' | 'warn'>
  readonly #adopt: (key: SubjectKey) => void
  readonly #repeat = new Repeat(() => this.#read(), againMs)
  #version = 0
  #told: string | undefined

  /**
   * @param store with the service's login
   * @param adopt is given each new version
   */
  constructor(store: SubjectKeyStore, log: Pick<Log, 'info' | 'warn'>, adopt: (key: SubjectKey) => void) {
    this.#store = store
    this.#log = log
    this.#adopt = adopt
  }

  /** Reads the key now and then regularly. Never throws: without it the lines have no subject, and that is logged. */
  start(): Promise<void> {
    return this.#repeat.start()
  }

  stop(): void {
    this.#repeat.stop()
  }

  /** @returns milliseconds until it is read again, where that is soon */
  async #read(): Promise<number | undefined> {
    try {
      const key = await this.#store.read(undefined, { timeoutMs: readTimeoutMs })
      if (key === undefined) {
        this.#tell('missing', 'there is no key for it: run `padlock setup` again')
      } else if (key.version !== this.#version) {
        this.#version = key.version
        this.#told = undefined
        this.#adopt(key)
        this.#log.info({ subjectKey: key.version }, "the issuance log has the visitors' pseudonyms")
      }
      return undefined
    } catch (error) {
      const { code } = error as PadlockError
      if (code === 'vault_denied') {
        // Each denial makes the session log in again; the policy changes only when somebody changes it.
        this.#tell(code, 'the policy does not allow to read its key: run `padlock setup` again, then restart')
        this.stop()
        return undefined
      }
      this.#tell(code, 'its key cannot be read, will try again')
      return retryMs
    }
  }

  #tell(code: string, reason: string): void {
    if (this.#told === code) {
      return
    }
    this.#told = code
    const consequence =
      this.#version === 0 ? 'lines of the issuance log have no subject' : 'the subject key stays'
    this.#log.warn({ code }, `${consequence}: ${reason}`)
  }
}
