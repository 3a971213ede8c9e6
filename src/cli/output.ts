import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { styleText } from 'node:util'
import { printable } from '../printable.ts'
import { painted, table, wrap, wrapCommand } from './layout.ts'

/** Columns of a text for people at the most, and at the least. */
const mostColumns = 100
const leastColumns = 40

type Stream = Writable & { isTTY?: boolean; columns?: number }

/**
 * Where a command writes: the one way to standard output and standard error. Whatever it is given may hold text from
 * outside (Vault, a log, an instance, a file, an argument), so all of it is made printable here; only `paint` and the
 * methods below put an escape sequence on a terminal.
 *
 * At a terminal lines are wrapped. Elsewhere a row of a table and a message are one line each, for `grep` and `awk`.
 */
export class Output {
  readonly #stream: Stream

  constructor(stream: Stream) {
    this.#stream = stream
  }

  /** True where people read it. */
  get isTTY(): boolean {
    return this.#stream.isTTY === true
  }

  /** Columns of a page of text, such as a command's help: those of the terminal, 100 at the most. */
  get pageWidth(): number {
    const columns = this.isTTY ? this.#stream.columns : undefined
    return Math.max(leastColumns, Math.min(columns ?? mostColumns, mostColumns))
  }

  get #width(): number {
    return this.isTTY ? this.pageWidth : Number.POSITIVE_INFINITY
  }

  /** Writes text as it stands; its line feeds are the writer's own layout. */
  write(text: string): void {
    this.#stream.write(this.#styled(printable(text, '\n')))
  }

  /**
   * Writes one line; a line feed inside it comes from outside, and is escaped, so that nobody forges another line.
   *
   * @param indent what the lines begin with on which it is continued
   */
  line(text = '', indent = '  '): void {
    this.write(`${wrap(printable(text), this.#width, indent)}\n`)
  }

  /** Writes a command line that can be copied, indented; as `line`, line feeds inside it are escaped. */
  command(text: string): void {
    this.write(`${wrapCommand(`  ${printable(text)}`, this.#width)}\n`)
  }

  /** Writes a message of several lines; all but the first are indented, so that none looks like another message. */
  message(text: string): void {
    const indented = printable(text, '\n').replace(/\n(?! )/g, '\n  ')
    this.write(`${wrap(indented, this.#width, '  ')}\n`)
  }

  /** Writes a table; see `table`. */
  table(rows: readonly (readonly string[])[], heads?: readonly string[]): void {
    this.write(table(rows, { ...(heads && { heads }), width: this.#width }))
  }

  /** Writes a value as JSON, for programs. */
  json(value: unknown): void {
    this.write(`${JSON.stringify(value, null, 2)}\n`)
  }

  /** Draws a line of progress over the one before, without an argument: wipes it. At a terminal only. */
  status(text = ''): void {
    if (this.isTTY) {
      this.#stream.write(`\r\u001b[K${this.#styled(printable(text))}`)
    }
  }

  /** Asks for a line of text. @returns it, or undefined when Ctrl-C or Ctrl-D is the answer */
  async ask(input: Readable, question: string): Promise<string | undefined> {
    const lines = createInterface({ input, output: this.#stream })
    try {
      return await new Promise<string | undefined>((resolve) => {
        const giveUp = () => resolve(undefined)
        lines.once('SIGINT', giveUp)
        lines.once('close', giveUp)
        lines.question(`${this.#styled(printable(question))} `, resolve)
      })
    } finally {
      lines.close()
    }
  }

  #styled(text: string): string {
    // With FORCE_COLOR, Node would colour a file too, and pass over NO_COLOR.
    const hasColours =
      this.isTTY && !process.env.NO_COLOR && styleText('red', 'x', { stream: this.#stream }) !== 'x'
    return painted(text, hasColours)
  }
}
