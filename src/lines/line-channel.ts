import { printable } from '../printable.ts'
import type { LineBuffer } from './line-buffer.ts'

/** Milliseconds after which a write counts as failing: the disk hangs, or nobody reads the pipe. */
export const hungMs = 2_000

/** Most lines have ASCII alone, which costs less to see than categories of Unicode. */
const mayBeUnprintable = /[^ -~\n]/

/** How lines get on. */
export interface LineState {
  /**
   * the system's code of what is wrong, `EHUNG` for a write that does not end, `ENOBUFS` while more than half of the
   * room for waiting lines is taken; undefined while all is well
   */
  error: string | undefined
  /** lines that are not written yet */
  waiting: number
  /** lines that were lost, since too many waited */
  lost: number
}

/** What writes the lines of all channels. */
export interface LineQueue {
  /** the system's code of what is wrong with the output */
  readonly error: string | undefined
  /** milliseconds since the write under way began */
  readonly busyMs: number
  flush(): void
  flushSoon(): void
  drain(withinMs: number): Promise<void>
}

/** The lines of one kind that go to a `LineWriter`. */
export class LineChannel {
  readonly #writer: LineQueue
  readonly #buffer: LineBuffer
  readonly #arePrintable: boolean

  constructor(writer: LineQueue, buffer: LineBuffer, arePrintable: boolean) {
    this.#writer = writer
    this.#buffer = buffer
    this.#arePrintable = arePrintable
  }

  /**
   * Takes a line, with the line feed at its end. It is written within 10 ms, or at `flush`. What a terminal would obey,
   * hide or turn round (`docker logs`) is escaped as JSON escapes it: the line of a JSON value stays the same data.
   *
   * @returns false for a line that found no room and is lost
   */
  append(line: string): boolean {
    const isTaken = this.#buffer.add(
      !this.#arePrintable && mayBeUnprintable.test(line) ? printable(line, '\n') : line,
    )
    this.#writer.flushSoon()
    return isTaken
  }

  /** Begins to write what has come. */
  flush(): void {
    this.#writer.flush()
  }

  /**
   * Begins to write what has come, and waits until the system has it.
   *
   * @param withinMs time limit of a write, in milliseconds, the one under way included; two seconds at the most
   * @returns false where writing fails or takes longer: the lines wait
   */
  written(withinMs: number): Promise<boolean> {
    this.flush()
    return this.#buffer.whenWritten(Math.min(withinMs, hungMs) - this.#writer.busyMs)
  }

  state(): LineState {
    const { waiting, lost, isFilling } = this.#buffer
    return { error: this.#writer.error ?? (isFilling ? 'ENOBUFS' : undefined), waiting, lost }
  }

  /** True when all lines are written, and the one in place of lost lines. */
  get isSettled(): boolean {
    return this.#buffer.isSettled
  }

  /**
   * Writes what has come.
   *
   * @param withinMs time limit, in milliseconds
   * @returns how many lines could not be written, since the start
   */
  async drain(withinMs: number): Promise<number> {
    await this.#writer.drain(withinMs)
    return this.#buffer.lost + this.#buffer.waiting
  }
}
