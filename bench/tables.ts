import type { Figure } from './figures.ts'
import type { Limit } from './limits.ts'
import type { Cell } from './measure.ts'
import type { OfferedStep } from './offered.ts'

/** Three digits that count, or all before the point. */
export const digits = (value: number) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

/** Rows as a Markdown table. */
export function markdown(head: string[], rows: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ figure, value, min, max, errors, reach, reached }) => {
    const rounds = min === undefined || max === undefined ? '' : ` (${digits(min)}–${digits(max)})`
    const among = errors === undefined ? '' : `, ${errors} errors`
    return [figure, `${digits(value)}${rounds}${among}`, reach, reached ? 'yes' : '**no**']
  })
  return markdown(['figure', 'measured (min–max)', 'to reach', 'reached'], rows)
}

export function cellTable(cells: readonly Cell[]): string {
  const rows = cells.map((cell) => [
    ...[cell.layout, cell.target, String(cell.connections)],
    `${digits(cell.perSecond.median)} (${digits(cell.perSecond.min)}–${digits(cell.perSecond.max)})`,
    digits(cell.p50Ms.median),
    `${digits(cell.p99Ms.median)} (${digits(cell.p99Ms.min)}–${digits(cell.p99Ms.max)})`,
    cell.ownCpuMs === undefined ? '' : digits(cell.ownCpuMs.median),
    digits(cell.vaultCpuMs.median),
    cell.residentMb === undefined ? '' : cell.residentMb.toFixed(0),
    String(cell.errors),
  ])
  const head = ['layout', 'target', 'connections', 'a second (min–max)', 'p50 ms', 'p99 ms (min–max)']
  return markdown([...head, 'own CPU ms', 'Vault CPU ms', 'resident MB', 'errors'], rows)
}

export function limitTable(limits: readonly Limit[]): string {
  const rows = limits.map(({ layout, connections, perSecond, allowed }) => [
    ...[layout, String(connections), digits(perSecond), digits(allowed)],
    `${((perSecond / allowed) * 100).toFixed(0)} %`,
  ])
  return markdown(['layout', 'connections', 'tokens a second', 'what the parts allow', 'share'], rows)
}

export function offeredTable(offered: readonly OfferedStep[]): string {
  const rows = offered.map((step) => [
    ...[
      `${step.times} ×`,
      digits(step.offeredPerSecond),
      digits(step.goodput),
      digits(step.ofCapacity.median),
      digits(step.refusedPerSecond),
    ],
    step.acceptedP99Ms === null ? '' : digits(step.acceptedP99Ms),
    String(step.anythingElse),
    ...[step.cores.padlock, step.cores.vault, step.cores.load].map(digits),
  ])
  const head = ['load', 'offered a second', 'tokens a second', '÷ capacity then', 'refused a second']
  return markdown([...head, 'accepted p99 ms', 'anything else', 'cores: Padlock', 'Vault', 'vegeta'], rows)
}
