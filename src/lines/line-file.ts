import { constants } from 'node:fs'
import { type FileHandle, stat } from 'node:fs/promises'
import { openRegularFile } from '../files/regular-file.ts'
import type { LostLines } from './line-buffer.ts'
import type { LineChannel, LineState } from './line-channel.ts'
import { type LineOutput, LineWriter } from './line-writer.ts'

/** UTF-16 units of lines that wait at the most. */
const maxWaiting = 8 * 1024 * 1024
const lineFeed = 0x0a
const { O_APPEND, O_CREAT, O_RDWR, O_WRONLY } = constants

/** Opens a file to append; to read its end too, where that is allowed. */
async function openToAppend(path: string): Promise<FileHandle> {
  try {
    return await openRegularFile(path, O_APPEND | O_CREAT | O_RDWR, 0o640)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') {
      throw error
    }
    return openRegularFile(path, O_APPEND | O_CREAT | O_WRONLY, 0o640)
  }
}

/** Whether the last line of a file has no line feed, or may have none. */
async function isCut(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) {
    return false
  }
  const last = Buffer.alloc(1)
  const { bytesRead } = await file.read(last, 0, 1, size - 1).catch(() => ({ bytesRead: 0 }))
  return bytesRead === 0 || last[0] !== lineFeed
}

/**
 * The end of a file that others may write to, rename or remove. A new line begins with a line feed where the last byte
 * is none: there a write was cut, as by a full disk and a `kill -9`.
 */
class FileOutput implements LineOutput {
  readonly #path: string
  #file: FileHandle
  /** size of the file after the last write from here */
  #end = -1
  #cut = false
  #moved = false

  constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  rotate(): void {
    this.#moved = true
  }

  async look(): Promise<void> {
    const here = await this.#file.stat()
    const there = await stat(this.#path).catch(() => undefined)
    if (here.ino !== there?.ino || here.dev !== there.dev) {
      this.#moved = true
    }
  }

  async ready(): Promise<boolean> {
    if (this.#moved) {
      await this.#reopen()
    }
    const { size } = await this.#file.stat()
    if (size === this.#end) {
      return false
    }
    // Another file, or somebody else wrote to it.
    this.#cut = await isCut(this.#file, size)
    this.#end = size
    return true
  }

  async write(bytes: Buffer): Promise<number> {
    const all = this.#cut ? Buffer.concat([Buffer.of(lineFeed), bytes]) : bytes
    const { bytesWritten } = await this.#file.write(all)
    this.#end += bytesWritten
    if (!this.#cut || bytesWritten === 0) {
      return bytesWritten
    }
    this.#cut = false
    return bytesWritten - 1
  }

  /** Rather into the file that was moved away than nowhere. */
  last(): void {
    this.#moved = false
  }

  async close(): Promise<void> {
    await this.#file.sync().catch(() => {})
    await this.#file.close().catch(() => {})
  }

  async #reopen(): Promise<void> {
    const old = this.#file
    this.#file = await openToAppend(this.#path)
    this.#moved = false
    this.#end = -1
    await old.close().catch(() => {})
  }
}

/** Appends lines to a file; one that was renamed or removed is reopened under its name, between two lines. */
export class LineFile {
  readonly #output: FileOutput
  readonly #writer: LineWriter
  readonly #lines: LineChannel

  private constructor(output: FileOutput, tellLost: (lost: LostLines) => string) {
    this.#output = output
    this.#writer = new LineWriter(output)
    this.#lines = this.#writer.channel(tellLost, maxWaiting)
  }

  /**
   * @param tellLost the line that stands in place of lines that were lost
   * @throws NotRegularFileError, or an Error of the system; a file that is made has mode 0640
   */
  static async open(path: string, tellLost: (lost: LostLines) => string): Promise<LineFile> {
    return new LineFile(new FileOutput(path, await openToAppend(path)), tellLost)
  }

  /** Takes a line, as `LineChannel.append`. */
  append(line: string): boolean {
    return this.#lines.append(line)
  }

  /** Begins to write what has come; where a write is under way, it goes with that one. */
  flush(): void {
    this.#lines.flush()
  }

  /** Writes what has come and waits for it, as `LineChannel.written`. */
  written(withinMs: number): Promise<boolean> {
    return this.#lines.written(withinMs)
  }

  /** Reopens the file under its name, as after `mv issuance.log issuance.log.1`. */
  rotate(): void {
    this.#output.rotate()
    this.flush()
  }

  state(): LineState {
    return this.#lines.state()
  }

  /** True when all lines are written, and the one in place of lost lines. */
  get isSettled(): boolean {
    return this.#lines.isSettled
  }

  /**
   * Writes what is left and closes the file.
   *
   * @param withinMs time limit, in milliseconds
   * @returns how many lines could not be written, since the start
   */
  async close(withinMs: number): Promise<number> {
    await this.#writer.close(withinMs)
    const { lost, waiting } = this.#lines.state()
    return lost + waiting
  }
}
