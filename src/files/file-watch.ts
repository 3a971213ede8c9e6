import { statSync } from 'node:fs'
import { Repeat } from '../timing/repeat.ts'

const intervalMs = 1_000

function stampOf(path: string): string {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat === undefined ? 'none' : `${stat.ino}:${stat.size}:${stat.mtimeMs}`
  } catch (error) {
    // A folder on the way that was closed to Padlock: reading the file reports it.
    return String((error as NodeJS.ErrnoException).code)
  }
}

/**
 * Tells whether files were written again: another stamp. A link is followed, so that a mounted Kubernetes secret,
 * which changes by its link, is seen. A file that is missing or out of reach has a stamp as well.
 */
export function fileStamp(...paths: string[]): string {
  return paths.map(stampOf).join(' ')
}

/**
 * Notices when files were written again. It looks once a second, which sees what a mounted secret does as well, and
 * waits until a file has been the same twice, so that none is taken up half written. A missing file is no change.
 */
export class FileWatch {
  readonly #files: readonly string[]
  readonly #changed: () => void
  readonly #repeat = new Repeat(() => this.#look(), intervalMs)
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
    if (this.#files.length === 0) {
      return
    }
    this.#repeat.startLater()
  }

  stop(): void {
    this.#repeat.stop()
  }

  #look(): void {
    const now = fileStamp(...this.#files)
    const settled = now === this.#last
    this.#last = now
    if (!settled || now === this.#known || now.split(' ').includes('none')) {
      return
    }
    this.#known = now
    this.#changed()
  }
}
