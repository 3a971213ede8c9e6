import { fileStamp } from './file-watch.ts'

/** How files are read, and what becomes of a reading that fails. */
export interface FileReading<T> {
  paths: readonly string[]
  /** throws where they cannot be used */
  read(): T
  /** what to report for an error that says that the files cannot be used; undefined for any other */
  reasonOf(error: unknown): string | undefined
  /** called with the reason, once for each change of the files and for each reason */
  refused(reason: string): void
}

/** What was read from files: as they are now, or as they last were good. */
export class LastGood<T> {
  readonly #reading: FileReading<T>
  #value: T
  #stamp: string
  /** why the files as they are now are not in use; undefined where they are */
  problem: string | undefined

  /** @param first reads them at start */
  constructor(reading: FileReading<T>, first: () => T) {
    this.#reading = reading
    this.#stamp = fileStamp(...reading.paths)
    this.#value = first()
  }

  /** Another object when the files have changed and are good. */
  current(): T {
    const { paths, read, reasonOf, refused } = this.#reading
    const stamp = fileStamp(...paths)
    // After a failure each time: a certificate becomes good, or a file readable, without a change.
    if (stamp === this.#stamp && this.problem === undefined) {
      return this.#value
    }
    try {
      this.#value = read()
      this.problem = undefined
    } catch (error) {
      const reason = reasonOf(error)
      if (reason === undefined) {
        throw error
      }
      if (stamp !== this.#stamp || reason !== this.problem) {
        refused(reason)
      }
      this.problem = reason
    }
    this.#stamp = stamp
    return this.#value
  }
}
