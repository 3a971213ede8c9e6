import { fileStamp } from '../file-stamp.ts'

const intervalMs = 1_000

/**
 * Notices when files were written again. It looks once a second, which sees what a mounted secret does as well, and
 * waits until a file has been the same twice, so that none is taken up half written. A missing file is no change.
 */
export class FileWatch {
  readonly #files: readonly string[]
  readonly #changed: () => void
  #timer: NodeJS.Timeout | undefined
  #known: string
  #last: string

  constructor(files: readonly string[], changed: () => void) {
    this.#files = files
    this.#changed = changed
    this.#known = this.#last = fileStamp(...files)
  }

  /** The files are about to be read: a change before this moment is no news. */
  read(): void {
    this.#known = fileStamp(...this.#files)
  }

  start(): void {
    if (this.#files.length === 0) return
    this.#timer = setInterval(() => this.#look(), intervalMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const now = fileStamp(...this.#files)
    const settled = now === this.#last
    this.#last = now
    if (!settled || now === this.#known || now.split(' ').includes('none')) return
    this.#known = now
    this.#changed()
  }
}
