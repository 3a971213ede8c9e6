/** Most characters that wait in memory; what comes on top is lost, and counted. */
const maxWaiting = 8 * 1024 * 1024
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

/** Lines on their way to a file, in order, within bounds. */
export class LineBuffer {
  readonly #tellLost: (lost: LostLines) => string
  #lines: string[] = []
  #characters = 0
  #chunk: Chunk | undefined
  #untold: LostLines | undefined
  #lost = 0

  /** @param tellLost the line that stands in place of lost ones, once there is room again */
  constructor(tellLost: (lost: LostLines) => string) {
    this.#tellLost = tellLost
  }

  /** lines that are not written yet */
  get waiting(): number {
    return this.#lines.length + (this.#chunk?.lines ?? 0)
  }

  /** lines that found no room, so far */
  get lost(): number {
    return this.#lost
  }

  add(line: string): void {
    if (this.#characters + line.length <= maxWaiting) {
      this.#put(line)
      return
    }
    this.#lost += 1
    const now = new Date()
    const { lines, since } = this.#untold ?? { lines: 0, since: now }
    this.#untold = { lines: lines + 1, since, until: now }
  }

  /** The bytes to write next; undefined when there are none. */
  next(): Buffer | undefined {
    if (this.#chunk === undefined) this.#makeChunk()
    return this.#chunk?.bytes.subarray(this.#chunk.offset)
  }

  /** So many of those bytes are written. */
  written(bytes: number): void {
    const chunk = this.#chunk as Chunk
    chunk.offset += bytes
    if (chunk.offset < chunk.bytes.length) return
    this.#characters -= chunk.characters
    this.#chunk = undefined
  }

  /** A line of which a part is written begins again: the rest goes to another file. */
  rewind(): void {
    if (this.#chunk === undefined || this.#chunk.offset === 0) return
    this.#chunk.offset = this.#chunk.bytes.lastIndexOf(lineFeed, this.#chunk.offset - 1) + 1
  }

  #put(line: string): void {
    this.#lines.push(line)
    this.#characters += line.length
  }

  #makeChunk(): void {
    if (this.#untold !== undefined && this.#characters < maxWaiting / 2) {
      this.#put(this.#tellLost(this.#untold))
      this.#untold = undefined
    }
    if (this.#lines.length === 0) return
    const [bytes, lines] = [Buffer.from(this.#lines.join('')), this.#lines.length]
    this.#chunk = { bytes, offset: 0, lines, characters: this.#characters }
    this.#lines = []
  }
}
