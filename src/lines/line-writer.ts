import { Repeat } from '../timing/repeat.ts'
import { LineBuffer, type LostLines } from './line-buffer.ts'
import { hungMs, LineChannel, type LineQueue } from './line-channel.ts'

/** Longest time, in milliseconds, that a line waits before it is handed to the system. */
const flushMs = 10
/** How often the output is looked at, and a write that failed is tried again, in milliseconds. */
const lookMs = 1_000
/** Bytes that are written at once: more would make an output that is only slow look like one that hangs. */
const writeBytes = 65_536
const lineFeed = 0x0a

/** Where lines go. Its methods are called one at a time. */
export interface LineOutput {
  /** Looks whether a new output is to be opened; called once a second. */
  look?(): Promise<void>
  /** Makes ready to write. @returns true where a line that is written in part has to begin again */
  ready(): Promise<boolean>
  /** @returns how many of the bytes were taken. @throws Error of the system */
  write(bytes: Buffer): Promise<number>
  /** It is the last attempt: the output that is open has to do. */
  last?(): void
  close(): Promise<void>
}

/** About this many bytes of it, up to the end of a line: between two calls a file may be renamed. */
function wholeLines(bytes: Buffer): Buffer {
  if (bytes.length <= writeBytes) {
    return bytes
  }
  const last = bytes.lastIndexOf(lineFeed, writeBytes - 1)
  return bytes.subarray(0, (last === -1 ? bytes.indexOf(lineFeed, writeBytes) : last) + 1)
}

/**
 * Writes lines without ever waiting for the output: one write at a time, of all that has come. Where writing fails
 * they wait in memory, within bounds, and are tried again each second. (Not sonic-boom: its `flushSync` never returns
 * on a full disk or pipe, and its `reopen` closes one descriptor twice after an attempt that failed.)
 */
export class LineWriter implements LineQueue {
  readonly #output: LineOutput
  readonly #buffers: LineBuffer[] = []
  #current: LineBuffer | undefined
  #busySince: number | undefined
  /** something came with `flush` while a write was under way */
  #due = false
  #working: Promise<void> = Promise.resolve()
  #error: string | undefined
  #flushTimer: NodeJS.Timeout | undefined
  readonly #repeat = new Repeat(() => this.#begin(() => this.#look()), lookMs)

  constructor(output: LineOutput) {
    this.#output = output
    this.#repeat.startLater()
  }

  /**
   * Lines of one kind, with room of their own. Where several kinds wait, the one that was made last is written first.
   *
   * @param tellLost the line that stands in place of lost ones
   * @param maxWaiting UTF-16 units that wait at the most
   * @param arePrintable the lines hold nothing for a terminal to obey but colours of Padlock's own
   */
  channel(
    tellLost: (lost: LostLines) => string,
    maxWaiting: number,
    { arePrintable = false } = {},
  ): LineChannel {
    const buffer = new LineBuffer(tellLost, maxWaiting)
    this.#buffers.unshift(buffer)
    return new LineChannel(this, buffer, arePrintable)
  }

  /** The system's code of what is wrong with the output, or `EHUNG`. */
  get error(): string | undefined {
    return this.busyMs > hungMs ? 'EHUNG' : this.#error
  }

  /** Milliseconds since the write under way began; 0 where there is none. */
  get busyMs(): number {
    return this.#busySince === undefined ? 0 : performance.now() - this.#busySince
  }

  /** True when all lines are written. */
  get isSettled(): boolean {
    return this.#buffers.every(({ isSettled }) => isSettled)
  }

  /** Begins to write what has come; where a write is under way, it goes with that one. */
  flush(): void {
    clearTimeout(this.#flushTimer)
    this.#flushTimer = undefined
    if (this.#busySince !== undefined) {
      this.#due = true
    }
    this.#begin(() => this.#write())
  }

  flushSoon(): void {
    this.#flushTimer ??= setTimeout(() => this.flush(), flushMs)
  }

  /** Writes what has come, within a number of milliseconds. */
  async drain(withinMs: number): Promise<void> {
    await this.#within(withinMs, async () => {
      await this.#working
      if (this.#error !== undefined) {
        this.#output.last?.()
      }
      this.flush()
      await this.#working
    })
  }

  /** Writes what is left and closes the output, within a number of milliseconds. */
  async close(withinMs: number): Promise<void> {
    this.#repeat.stop()
    const until = performance.now() + withinMs
    await this.drain(withinMs)
    clearTimeout(this.#flushTimer)
    if (this.#busySince === undefined) {
      await this.#within(until - performance.now(), () => this.#output.close())
    }
  }

  async #within(ms: number, work: () => Promise<void>): Promise<void> {
    const timeout = Promise.withResolvers<void>()
    const timer = setTimeout(timeout.resolve, ms)
    await Promise.race([work(), timeout.promise])
    clearTimeout(timer)
  }

  /** One piece of work at a time, so that a disk that hangs holds one thread. */
  #begin(work: () => Promise<void>): void {
    if (this.#busySince !== undefined) {
      return
    }
    this.#busySince = performance.now()
    this.#working = work().then(
      () => this.#end(undefined),
      (error: NodeJS.ErrnoException) => this.#end(error.code ?? 'unknown'),
    )
  }

  #end(error: string | undefined): void {
    this.#error = error
    this.#busySince = undefined
    const due = this.#due
    this.#due = false
    if (error !== undefined) {
      for (const buffer of this.#buffers) {
        buffer.failed()
      }
      return
    }
    // What came after the last look into the buffers.
    if (!this.isSettled && due) {
      this.flush()
    } else if (!this.isSettled) {
      this.flushSoon()
    }
  }

  async #look(): Promise<void> {
    await this.#output.look?.()
    await this.#write()
  }

  async #write(): Promise<void> {
    for (;;) {
      if (await this.#output.ready()) {
        for (const buffer of this.#buffers) {
          buffer.rewind()
        }
      }
      const bytes = this.#next()
      if (bytes === undefined) {
        return
      }
      const count = await this.#output.write(wholeLines(bytes))
      this.#current?.written(count)
      if (count > 0) {
        this.#busySince = performance.now()
      }
    }
  }

  #next(): Buffer | undefined {
    // A line that is begun is ended before one of another kind.
    if (this.#current?.isBegun) {
      return this.#current.next()
    }
    for (const buffer of this.#buffers) {
      const bytes = buffer.next()
      if (bytes === undefined) {
        continue
      }
      this.#current = buffer
      return bytes
    }
    return undefined
  }
}
