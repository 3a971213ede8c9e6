import { cellOf } from './figures.ts'
import type { Cell } from './measure.ts'
import { differenceOf, ratioOf, type Spread } from './statistics.ts'
import { markdown } from './tables.ts'
import type { TargetName } from './targets/target.ts'

/** A figure for readers, of layout B: what it says, and the cells that it is made of. */
interface ReaderFigure {
  text: string
  cells: readonly { target: TargetName; connections: number }[]
  digits: number
  /** @param cells those above, in their order */
  value(cells: readonly Cell[]): Spread
}

const padlock = { target: 'Padlock', connections: 128 } as const

/** The README's three figures, by the name that `make bench-figure` takes. */
export const readerFigures: Record<string, ReaderFigure> = {
  tokens: {
    text: 'tokens a second on two cores, which Vault and the load share, at 128 connections',
    cells: [padlock],
    digits: 0,
    value: ([own]) => (own as Cell).perSecond,
  },
  added: {
    text: "milliseconds at the median, more than Vault's signature alone takes, at one connection",
    cells: [
      { target: 'Padlock', connections: 1 },
      { target: 'raw Vault', connections: 1 },
    ],
    digits: 1,
    value: ([own, raw]) => differenceOf((own as Cell).p50Ms, (raw as Cell).p50Ms),
  },
  times: {
    text: 'times the service that one would write instead ([bench/plain](bench/plain/service.ts)), at 128 connections',
    cells: [padlock, { target: 'plain service', connections: 128 }],
    digits: 2,
    value: ([own, plain]) => ratioOf((own as Cell).perSecond, (plain as Cell).perSecond),
  },
}

/** The figures as Markdown, each with the command that repeats it; those not measured are left out. */
export function readerTable(cells: readonly Cell[]): string {
  const rows = Object.entries(readerFigures).flatMap(([name, { text, cells: wanted, digits, value }]) => {
    const found = wanted.flatMap(({ target, connections }) => cellOf(cells, 'B', target, connections) ?? [])
    if (found.length < wanted.length) {
      return []
    }
    const { median, min, max } = value(found)
    const measured = `**${median.toFixed(digits)}** (${min.toFixed(digits)}–${max.toFixed(digits)})`
    return [[measured, text, `\`make bench-figure FIGURE=${name}\``]]
  })
  return markdown(['measured (min–max)', 'what', 'measure it again'], rows)
}
