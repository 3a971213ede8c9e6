import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { printable } from '../printable.ts'

/** A colour or weight of a text. */
export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim'

/**
 * Stands in a text for an escape sequence of Padlock's own, with the number of the style behind it. It is random and
 * never leaves the process, so text from outside cannot hold it.
 */
const mark = `⟦${randomUUID()}:`
const marks = new RegExp(`${mark}(\\d+)⟧`, 'g')

/** Text in a style, which `Output` shows at a terminal that has colours, and leaves out elsewhere. */
export function paint(style: Style, text: string): string {
  const [open, close] = inspect.colors[style] as [number, number]
  return `${mark}${open}⟧${text}${mark}${close}⟧`
}

/** A text with its styles as escape sequences, or without any. */
export const painted = (text: string, hasColours: boolean): string =>
  text.replace(marks, (_, code: string) => (hasColours ? `\u001b[${code}m` : ''))

/** How many characters of a text are seen: styles do not count. */
export const shownLength = (text: string): number => text.replace(marks, '').length

/** Fewest columns at which lines are wrapped: what is left of a line would be single words. */
const leastWidth = 20

/** Two spaces between the columns of a table. */
const gap = 2

/**
 * Text whose lines are at most so wide, broken at spaces; a longer word stays whole, so that it can be copied.
 *
 * @param width columns; Infinity leaves every line as it is
 * @param indent what the lines begin with that a line is continued on, behind the white space of its own
 */
export function wrap(text: string, width: number, indent = ''): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width, indent))
    .join('\n')
}

function wrapLine(text: string, width: number, indent: string, end = ''): string {
  if (shownLength(text) <= width || width < leastWidth) {
    return text
  }
  const lead = /^ */.exec(text)?.[0] ?? ''
  const lines: string[] = []
  let line = lead
  for (const word of text.trim().split(' ')) {
    const isFirst = line.trim() === ''
    if (!isFirst && shownLength(line) + 1 + shownLength(word) + end.length > width) {
      lines.push(line + end)
      line = `${lead}${indent}${word}`
    } else {
      line += isFirst ? word : ` ${word}`
    }
  }
  return [...lines, line].join('\n')
}

/** A line of a shell at most so wide: where it is broken, it goes on as the shell reads it. */
export const wrapCommand = (command: string, width: number): string => wrapLine(command, width, '  ', ' \\')

/**
 * Paragraphs at most so wide, with an empty line between them. The line ends inside one are the writer's own and do not
 * count; a line that begins with a space stays as it is.
 */
export function paragraphs(text: string, width: number): string {
  const joined = text.replace(/(?<=^[^\n ][^\n]*)\n(?=[^\n ])/gm, ' ')
  return wrap(joined, width)
}

/** Cells with their columns aligned; styles do not count. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, shownLength(cell))
    })
  }
  const padded = (cell: string, column: number) =>
    cell + ' '.repeat((widths[column] ?? 0) - shownLength(cell) + gap)
  return rows.map((row) => row.map(padded).join('').trimEnd())
}

/**
 * The rows of a table whose last column is wrapped; below the others, where these leave no room for it. The others are
 * narrowed too, where they are too wide by themselves.
 */
function narrowed(rows: readonly (readonly string[])[], width: number): string[] {
  const columns = Math.max(...rows.map((row) => row.length))
  const others = rows.map((row) => row.slice(0, columns - 1))
  const lines = aligned(others)
  const isTooWide = columns > 2 && lines.some((line) => shownLength(line) > width)
  const heads = isTooWide ? narrowed(others, width) : lines
  const offset = isTooWide ? width : Math.max(...heads.map(shownLength)) + gap
  return rows.map((row, index) => {
    const head = heads[index] ?? ''
    const last = row[columns - 1] ?? ''
    if (last === '') {
      return head
    }
    const longest = Math.max(...last.split(' ').map(shownLength))
    const isBelow = width - offset < Math.max(leastWidth, longest)
    const indent = ' '.repeat(isBelow ? 2 + (/^ */.exec(head)?.[0].length ?? 0) : offset)
    const text = wrap(last, width - indent.length).replaceAll('\n', `\n${indent}`)
    return isBelow ? `${head}\n${indent}${text}` : head + ' '.repeat(offset - shownLength(head)) + text
  })
}

/**
 * Rows with their columns aligned, two spaces between them. A cell is printable, and one line.
 *
 * Where a table is too wide, the last column of one without heads is wrapped; of one with heads, each row becomes a
 * block of lines, head and cell.
 */
export function table(
  rows: readonly (readonly string[])[],
  { heads, width = Number.POSITIVE_INFINITY }: { heads?: readonly string[]; width?: number } = {},
): string {
  const cells = rows.map((row) => row.map((cell) => printable(cell)))
  const lines = aligned(heads === undefined ? cells : [heads, ...cells])
  const fits = lines.every((line) => shownLength(line) <= width)
  if (fits || cells.length === 0) {
    return lines.map((line) => `${line}\n`).join('')
  }
  if (heads === undefined) {
    return `${narrowed(cells, width).join('\n')}\n`
  }
  const block = (row: readonly string[]) =>
    table(
      heads.map((head, column) => [paint('dim', head), row[column] ?? '']),
      { width },
    )
  return cells.map(block).join('\n')
}
