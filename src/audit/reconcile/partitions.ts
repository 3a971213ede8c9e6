import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Characters of a partition that wait in memory before they are written. */
const flushAt = 128 * 1024
/** Bytes of the logs in one partition. */
const logBytesEach = 64 * 1024 * 1024
const fewest = 16
const most = 512

/** How many partitions logs of this many bytes need, so that each fits into memory with ease. */
export function partitionCount(logBytes: number): number {
  return Math.min(most, Math.max(fewest, Math.ceil(logBytes / logBytesEach)))
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return hash >>> 0
}

/**
 * Groups records by an id without holding them all: they go to temporary files, all of one id to the same. The files
 * are the user's alone, in a folder below TMPDIR, and are removed at the end.
 */
export class Partitions<Record> {
  readonly #dir = mkdtempSync(join(tmpdir(), 'padlock-audit-'))
  readonly #waiting: string[]
  readonly #removeAtExit = () => this.remove()

  constructor(count: number) {
    this.#waiting = Array.from({ length: count }, () => '')
    process.once('exit', this.#removeAtExit)
  }

  add(id: string, record: Record): void {
    const index = hashOf(id) % this.#waiting.length
    const text = `${this.#waiting[index]}${JSON.stringify(record)}\n`
    if (text.length < flushAt) {
      this.#waiting[index] = text
    } else {
      this.#waiting[index] = ''
      appendFileSync(this.#file(index), text, { mode: 0o600 })
    }
  }

  /** The records of each partition, one partition after another. */
  *read(): Generator<Record[]> {
    for (let index = 0; index < this.#waiting.length; index++) {
      appendFileSync(this.#file(index), this.#waiting[index] as string, { mode: 0o600 })
      this.#waiting[index] = ''
      const text = readFileSync(this.#file(index), 'utf8')
      rmSync(this.#file(index))
      if (text !== '') {
        yield text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
      }
    }
  }

  remove(): void {
    process.off('exit', this.#removeAtExit)
    rmSync(this.#dir, { recursive: true, force: true })
  }

  #file(index: number): string {
    return join(this.#dir, String(index))
  }
}
