const lineFeed = 0x0a

/** Lines that were lost: how many, and between what times they came. */
export interface LostLines {
  lines: number
  since: Date
  until: Date
}

/** What is being written: whole lines, and how far they have been. */
interface Chunk {
  bytes: Buffer
  offset: number
  lines: number
  characters: number
}

/** Told once all lines up to one are written, or that they are not for now. */
interface Waiter {
  /** how many lines were taken until then */
  upTo: number
  settle: (isWritten: boolean) => void
}

/** Lines on their way to an output, in order, within bounds. */
export class LineBuffer {
  readonly #tellLost: (lost: LostLines) => string
  readonly #maxWaiting: number
  #lines: string[] = []
  #characters = 0
  #chunk: Chunk | undefined
  #untold: LostLines | undefined
  #lost = 0
  #taken = 0
  /** oldest first */
  #waiters: Waiter[] = []

  /**
   * @param tellLost the line that stands in place of lost ones, once there is room again
   * @param maxWaiting UTF-16 units that wait at the most; what comes on top is lost, and counted
   */
  constructor(tellLost: (lost: LostLines) => string, maxWaiting: number) {
    this.#tellLost = tellLost
    this.#maxWaiting = maxWaiting
  }

  /** lines that are not written yet */
  get waiting(): number {
    return this.#lines.length + (this.#chunk?.lines ?? 0)
  }

  /** lines that found no room, so far */
  get lost(): number {
    return this.#lost
  }

  /** True while more than half of the room is taken. */
  get isFilling(): boolean {
    return this.#characters > this.#maxWaiting / 2
  }

  /** True while a line is written in part. */
  get isBegun(): boolean {
    return this.#chunk !== undefined && this.#chunk.offset > 0
  }

  /** True when all is written, the line in place of lost ones included. */
  get isSettled(): boolean {
    return this.waiting === 0 && this.#untold === undefined
  }

  /** @returns false for a line that found no room and is lost */
  add(line: string): boolean {
    if (this.#characters + line.length <= this.#maxWaiting) {
      this.#put(line)
      return true
    }
    this.#lost += 1
    const now = new Date()
    const { lines, since } = this.#untold ?? { lines: 0, since: now }
    this.#untold = { lines: lines + 1, since, until: now }
    return false
  }

  /** The bytes to write next; undefined when there are none. */
  next(): Buffer | undefined {
    if (this.#chunk === undefined) {
      this.#makeChunk()
    }
    return this.#chunk?.bytes.subarray(this.#chunk.offset)
  }

  /** How many of those bytes are written. */
  written(bytes: number): void {
    const chunk = this.#chunk as Chunk
    chunk.offset += bytes
    if (chunk.offset < chunk.bytes.length) {
      return
    }
    this.#characters -= chunk.characters
    this.#chunk = undefined
    const done = this.#taken - this.waiting
    while (this.#waiters[0] && this.#waiters[0].upTo <= done) {
      this.#waiters.shift()?.settle(true)
    }
  }

  /** Writing has failed for now. */
  failed(): void {
    for (const { settle } of this.#waiters.splice(0)) {
      settle(false)
    }
  }

  /**
   * Waits for the lines that were taken until now.
   *
   * @param withinMs time limit, in milliseconds
   * @returns true once all of them are written, false where writing fails or takes longer
   */
  whenWritten(withinMs: number): Promise<boolean> {
    if (this.waiting === 0) {
      return Promise.resolve(true)
    }
    if (withinMs <= 0) {
      return Promise.resolve(false)
    }
    return new Promise((resolve) => {
      // Where this process stood still, the end of a write is seen before it counts as late.
      const timer = setTimeout(() => setImmediate(resolve, false), withinMs)
      const settle = (isWritten: boolean) => {
        clearTimeout(timer)
        resolve(isWritten)
      }
      this.#waiters.push({ upTo: this.#taken, settle })
    })
  }

  /** A line of which a part is written begins again. */
  rewind(): void {
    if (this.#chunk === undefined || this.#chunk.offset === 0) {
      return
    }
    this.#chunk.offset = this.#chunk.bytes.lastIndexOf(lineFeed, this.#chunk.offset - 1) + 1
  }

  #put(line: string): void {
    this.#lines.push(line)
    this.#taken += 1
    this.#characters += line.length
  }

  #makeChunk(): void {
    if (this.#untold !== undefined && !this.isFilling) {
      this.#put(this.#tellLost(this.#untold))
      this.#untold = undefined
    }
    if (this.#lines.length === 0) {
      return
    }
    const [bytes, lines] = [Buffer.from(this.#lines.join('')), this.#lines.length]
    this.#chunk = { bytes, offset: 0, lines, characters: this.#characters }
    this.#lines = []
  }
}
