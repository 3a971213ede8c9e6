import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { LineBuffer, type LostLines } from './line-buffer.ts'

/** Longest time, in milliseconds, that a line waits before it is handed to the system. */
const flushMs = 10
/** How often the file's name is looked at, and a write that failed is tried again, in milliseconds. */
const lookMs = 1_000
/** A write that takes so long counts as failing: the disk hangs. */
const hungMs = 2_000

/** How a file of lines is. */
export interface LineFileState {
  /** the system's code of what is wrong, or `EHUNG` for a write that does not end; undefined while all is well */
  error: string | undefined
  /** lines that are not written yet */
  waiting: number
  /** lines that were lost, since too many waited */
  lost: number
}

/**
 * Appends lines to a file without ever waiting for it: one write at a time, of all that has come. Where writing fails
 * they wait in memory, up to 8 MiB, and are tried again each second. A file that was renamed or removed is opened
 * anew under its name, between two lines. (Not sonic-boom: its `flushSync` never returns on a full disk, and its
 * `reopen` closes one descriptor twice after an attempt that failed.)
 */
export class LineFile {
  readonly #path: string
  readonly #buffer: LineBuffer
  #file: FileHandle
  #busySince: number | undefined
  #working: Promise<void> = Promise.resolve()
  #error: string | undefined
  #moved = false
  #flushTimer: NodeJS.Timeout | undefined
  readonly #lookTimer: NodeJS.Timeout

  private constructor(path: string, file: FileHandle, buffer: LineBuffer) {
    this.#path = path
    this.#file = file
    this.#buffer = buffer
    this.#lookTimer = setInterval(() => this.#begin(() => this.#look()), lookMs).unref()
  }

  /**
   * @param tellLost the line that stands in place of lines that were lost
   * @throws Error of the system when the file cannot be opened; one that is made has mode 0640
   */
  static async open(path: string, tellLost: (lost: LostLines) => string): Promise<LineFile> {
    return new LineFile(path, await openToAppend(path), new LineBuffer(tellLost))
  }

  /** Takes a line, with the line feed at its end. It is written within 10 ms, or at `flush`. */
  append(line: string): void {
    this.#buffer.add(line)
    this.#flushSoon()
  }

  /** Begins to write what has come; where a write is under way, it goes with that one. */
  flush(): void {
    clearTimeout(this.#flushTimer)
    this.#flushTimer = undefined
    this.#begin(() => this.#write())
  }

  /** Opens the file anew under its name, as after `mv issuance.log issuance.log.1`. */
  rotate(): void {
    this.#moved = true
    this.flush()
  }

  state(): LineFileState {
    const hangs = this.#busySince !== undefined && performance.now() - this.#busySince > hungMs
    const { waiting, lost } = this.#buffer
    return { error: hangs ? 'EHUNG' : this.#error, waiting, lost }
  }

  /**
   * Writes what is left and closes the file.
   *
   * @param withinMs so long it may take
   * @returns how many lines could not be written, since the start
   */
  async close(withinMs: number): Promise<number> {
    clearInterval(this.#lookTimer)
    const timeout = Promise.withResolvers<void>()
    const timer = setTimeout(timeout.resolve, withinMs)
    await Promise.race([this.#finish(), timeout.promise])
    clearTimeout(timer)
    clearTimeout(this.#flushTimer)
    return this.#buffer.lost + this.#buffer.waiting
  }

  async #finish(): Promise<void> {
    await this.#working
    // Rather into the file that was moved away than nowhere.
    if (this.#error !== undefined) this.#moved = false
    this.flush()
    await this.#working
    await this.#file.sync().catch(() => {})
    await this.#file.close().catch(() => {})
  }

  #flushSoon(): void {
    this.#flushTimer ??= setTimeout(() => this.flush(), flushMs)
  }

  /** One piece of work at a time, so that a disk that hangs holds one thread. */
  #begin(work: () => Promise<void>): void {
    if (this.#busySince !== undefined) return
    this.#busySince = performance.now()
    this.#working = work()
      .then(
        () => {
          this.#error = undefined
        },
        (error: NodeJS.ErrnoException) => {
          this.#error = error.code ?? 'unknown'
        },
      )
      .finally(() => {
        this.#busySince = undefined
        // What came after the last look into the buffer.
        if (this.#error === undefined && this.#buffer.waiting > 0) this.#flushSoon()
      })
  }

  async #write(): Promise<void> {
    if (this.#moved) await this.#reopen()
    for (let bytes = this.#buffer.next(); bytes !== undefined; bytes = this.#buffer.next()) {
      const { bytesWritten } = await this.#file.write(bytes)
      this.#buffer.written(bytesWritten)
      this.#busySince = performance.now()
      if (this.#moved) await this.#reopen()
    }
  }

  async #reopen(): Promise<void> {
    const old = this.#file
    this.#file = await openToAppend(this.#path)
    this.#moved = false
    this.#buffer.rewind()
    await old.close().catch(() => {})
  }

  /** Tries again what failed, and looks whether the name stands for another file by now. */
  async #look(): Promise<void> {
    const here = await this.#file.stat()
    const there = await stat(this.#path).catch(() => undefined)
    if (here.ino !== there?.ino || here.dev !== there.dev) this.#moved = true
    await this.#write()
  }
}

function openToAppend(path: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_WRONLY } = constants
  return open(path, O_APPEND | O_CREAT | O_WRONLY, 0o640)
}
