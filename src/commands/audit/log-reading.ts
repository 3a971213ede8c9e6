import type { LogFile, ReadObserver } from '../../audit/trail/log-lines.ts'
import { LogFileError, logFile } from '../../audit/trail/log-lines.ts'
import type { SearchedLog } from '../../audit/trail/read-log.ts'
import { usageError } from '../../cli/exit.ts'
import type { Output } from '../../cli/output.ts'

const everyMs = 100
const barWidth = 24

/** How far the reading of several logs is, drawn on a terminal's standard error and nowhere else. */
export class ReadProgress {
  readonly #output: Output
  readonly #total: number | undefined
  #read = 0
  #drawnAt = 0

  constructor(output: Output, files: readonly LogFile[]) {
    this.#output = output
    const sizes = files.map(({ bytes }) => bytes)
    this.#total = sizes.includes(undefined)
      ? undefined
      : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
  }

  /** The observer of one file. */
  of(file: LogFile): ReadObserver {
    return {
      onBytes: (count) => {
        this.#read += count
        this.#draw(file.name)
      },
    }
  }

  /** Wipes the bar. */
  end(): void {
    if (this.#drawnAt > 0) {
      this.#output.status()
    }
  }

  #draw(name: string): void {
    const now = performance.now()
    if (!this.#output.isTTY || now - this.#drawnAt < everyMs) {
      return
    }
    this.#drawnAt = now
    const megabytes = `${Math.round(this.#read / 1e6)} MB`
    if (!this.#total) {
      this.#output.status(`${megabytes}  ${name}`)
      return
    }
    const part = Math.min(1, this.#read / this.#total)
    const bar = '#'.repeat(Math.round(part * barWidth)).padEnd(barWidth, '.')
    this.#output.status(`[${bar}] ${Math.floor(part * 100)} %  ${megabytes}  ${name}`)
  }
}

/** A failure of a log's reading as what ends a command. */
export function readFailure(error: unknown): unknown {
  return error instanceof LogFileError ? usageError(error.message) : error
}

/**
 * Looks at logs before they are read. A file that is named twice is read once.
 *
 * @throws CommandError with exit code 2 for one that cannot be read, or when standard input is named twice
 */
export async function logFiles(...groups: readonly (readonly string[])[]): Promise<LogFile[][]> {
  if (groups.flat().filter((name) => /^([A-Za-z][\w.-]*=)?-$/.test(name)).length > 1) {
    throw usageError('Standard input can be one log only.')
  }
  const seen = new Set<string>()
  try {
    return await Promise.all(
      groups.map(async (names) => {
        const files = await Promise.all(names.map(logFile))
        return files.filter(({ identity }) => {
          if (identity === undefined) {
            return true
          }
          const isNew = !seen.has(identity)
          seen.add(identity)
          return isNew
        })
      }),
    )
  } catch (error) {
    throw readFailure(error)
  }
}

/** What one log covers, in a few words. */
export function coverage({ lines, first, last, tooLong, unreadable }: SearchedLog): string {
  const count = `${lines.toLocaleString('en')} line${lines === 1 ? '' : 's'}`
  const span = first === null || last === null ? 'none of them an entry' : `${first} to ${last}`
  const gaps = [
    ...(tooLong > 0 ? [`${tooLong} too long to be read`] : []),
    ...(unreadable > 0 ? [`${unreadable} that cannot be read`] : []),
  ]
  return [count, span, ...gaps].join(', ')
}
