import { styleText } from 'node:util'
import { printable } from './printable.ts'

const colours = { fatal: 'red', error: 'red', warn: 'yellow', info: 'green', debug: 'blue' } as const

/** In every line, or no news to who sees the start of the process. */
const left: ReadonlySet<string> = new Set(['level', 'time', 'host', 'msg'])

const valueText = (value: unknown) =>
  typeof value === 'string' && /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value)

/**
 * A line of the log for eyes: time of day (UTC), level, message, and the rest as `name=value`.
 *
 * @param line a JSON object on a line, as the log has it
 * @returns one line; what a terminal would obey is made printable
 */
export function prettyLine(line: string): string {
  const entry: Record<string, unknown> = JSON.parse(line)
  const { level, time, msg = '' } = entry as { level: keyof typeof colours; time: string; msg?: string }
  const rest = Object.entries(entry)
    .filter(([name]) => !left.has(name))
    .map(([name, value]) => styleText('dim', printable(`${name}=${valueText(value)}`)))
  const words = [
    styleText('dim', time.slice(11, 23)),
    styleText(colours[level], level.toUpperCase().padEnd(5)),
    printable(msg),
    ...rest,
  ]
  return `${words.join(' ')}\n`
}
